import { AgentError } from '../../cluster/agent-error.ts';
import type { Catalogue } from '../chain/catalogue.ts';
import { newestNamed, type RestorePlan, restorePlans } from '../chain.ts';
import type { ResolvedTarget, RestoreTarget } from './target.ts';

export interface Choice {
  readonly catalogue: Catalogue;
  readonly target: RestoreTarget;
  readonly resolved: Pick<ResolvedTarget, 'revision'>;
  /** Keys of objects that were found broken. */
  readonly broken: ReadonlySet<string>;
}

/**
 * The best plan for a target. Where the newest is asked for, it may be one that loses something, and says so; where a revision
 * is asked for, only one that reaches it. Throws `NO_BACKUP`, and `REVISION_NOT_AVAILABLE` with the newest one that is.
 */
export function chooseChain({ catalogue, target, resolved, broken }: Choice): RestorePlan {
  const [plan] = restorePlans(catalogue, resolved.revision, broken);
  if (plan === undefined) throw nothing(catalogue, resolved.revision, broken);
  if (plan.lost !== undefined && target.kind !== 'latest' && target.kind !== 'time') {
    throw notAvailable(resolved.revision ?? newestNamed(catalogue), plan, catalogue);
  }
  return plan;
}

function nothing(catalogue: Catalogue, revision: bigint | undefined, broken: ReadonlySet<string>): AgentError {
  const [oldest] = catalogue.fulls.filter(({ key }) => !broken.has(key));
  if (oldest === undefined) {
    const damaged = catalogue.fulls.length > 0 ? ' that is whole' : '';
    return new AgentError('NO_BACKUP', `There is no full snapshot${damaged} in this place.`, {
      remedy: 'Check the URL of the store, and with `backup list` the cluster and the timeline.',
    });
  }
  return new AgentError(
    'REVISION_NOT_AVAILABLE',
    `Revision ${revision} is older than the oldest full snapshot, which is at ${oldest.name.revision}.`,
    { remedy: `Restore to revision ${oldest.name.revision} or a later one, or from another store.` },
  );
}

function notAvailable(revision: bigint, plan: RestorePlan, catalogue: Catalogue): AgentError {
  const newest = newestNamed(catalogue);
  const why =
    revision > newest ? `the newest one in the store is ${newest}` : `a part of the way there is missing or damaged`;
  return new AgentError('REVISION_NOT_AVAILABLE', `Revision ${revision} cannot be restored: ${why}.`, {
    remedy: `The newest revision before it that can be restored is ${plan.lastRevision}: ask for that (--to-revision ${plan.lastRevision}).`,
  });
}
