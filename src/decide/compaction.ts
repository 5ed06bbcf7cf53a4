import { autoCompactionOf } from '../cluster/auto-compaction.ts';
import type { Decision, Reason } from '../cluster/caretaking.ts';
import { revisionOlderThan } from '../cluster/revision-history.ts';
import type { ClusterState } from '../cluster/state.ts';
import { formatCount, formatSpan } from '../cluster/units.ts';
import { compactedTo } from './compacted.ts';
import { clusterTrouble, nospaceRaised } from './fitness.ts';
import { endedOf, sinceMs } from './past.ts';
import { type Asked, act, because, hold, isSome, type Policy } from './policy.ts';
import type { DecideSettings } from './settings.ts';

const policy = 'compaction';

/**
 * Lets go of history that is older than what is to be kept, so that its space can be used again: never a revision that
 * is younger, never one of the newest so many, never one that backups have yet to make durable. Where Kubernetes or etcd
 * itself compacts, that is left to them.
 */
export const compactionPolicy: Policy = (state, settings, asked) => {
  if (asked?.target !== undefined) {
    return hold(policy, [because('TARGET_UNKNOWN', 'a compaction is of the whole store: it takes no member')]);
  }
  const others = asked === undefined ? doneByOthers(state) : [];
  if (isSome(others)) return hold(policy, others);
  const limit = limitOf(state, settings);
  if ('code' in limit) return hold(policy, [limit]);
  const compacted = compactedTo(state) ?? 0n;
  const wanted = limit.revision - compacted;
  const least = asked === undefined ? BigInt(settings.compaction.minRevisions) : 1n;
  if (wanted < (least > 0n ? least : 1n)) {
    return hold(policy, [because('TOO_FEW_REVISIONS', fewSentence(wanted, least, limit.rule))]);
  }
  const trouble = [...clusterTrouble(state), ...nospaceRaised(state)];
  if (isSome(trouble)) return hold(policy, trouble);
  const cooling = asked === undefined ? coolingDown(state, settings) : [];
  if (isSome(cooling)) return hold(policy, cooling);
  return compact(limit.revision, compacted, limit.rule, asked);
};

function compact(revision: bigint, compacted: bigint, rule: string, asked: Asked | undefined): Decision {
  const message = `${formatCount(revision - compacted)} revisions can go, up to ${formatCount(revision)}: ${rule}`;
  const parameters = { revision: String(revision), compactedRevision: String(compacted) };
  return act(policy, [because('HISTORY_DUE', message)], { targets: [], parameters }, asked);
}

/** The newest revision that may go, and which rule set it; a reason where it is not known yet. */
function limitOf(
  { revisions, revision, durableRevision }: ClusterState,
  { compaction: { keepMs, keepRevisions } }: DecideSettings,
): Reason | { readonly revision: bigint; readonly rule: string } {
  const old = revisionOlderThan(revisions, keepMs);
  if (old === undefined) {
    const watched = formatSpan(Math.floor(revisions.at(-1)?.ageSeconds ?? 0));
    const message = `the leading agent has watched revisions for ${watched}, and ${formatSpan(keepMs / 1000)} of history are kept`;
    return because('NOT_ENOUGH_HISTORY', message);
  }
  const limits = [
    { revision: old, rule: `they are older than ${formatSpan(keepMs / 1000)}` },
    {
      revision: revision - BigInt(keepRevisions),
      rule: `the newest ${formatCount(keepRevisions)} stay`,
    },
    ...(durableRevision === undefined ? [] : [{ revision: durableRevision, rule: `backups are durable up to there` }]),
  ];
  return limits.reduce((least, limit) => (limit.revision < least.revision ? limit : least));
}

function fewSentence(wanted: bigint, least: bigint, rule: string): string {
  const going = wanted > 0n ? formatCount(wanted) : 'no';
  return `${going} revisions would go (${rule}), and fewer than ${formatCount(least)} are not worth a compaction`;
}

function doneByOthers({ kubernetesCompacts, members }: ClusterState): readonly Reason[] {
  const settings = members.flatMap(({ name, observed }) => {
    const setting = autoCompactionOf(observed?.settings);
    return setting === undefined ? [] : [`${name} (${setting})`];
  });
  return [
    ...(kubernetesCompacts
      ? [because('KUBERNETES_COMPACTS', 'the API server of Kubernetes compacts this store (its compact_rev_key moves)')]
      : []),
    ...(settings.length > 0
      ? [because('ETCD_COMPACTS', `etcd compacts by itself: auto-compaction is on at ${settings.join(', ')}`)]
      : []),
  ];
}

function coolingDown({ history, nowMs }: ClusterState, { compaction }: DecideSettings): readonly Reason[] {
  const last = endedOf(history, policy)[0];
  if (last === undefined) return [];
  const agoMs = sinceMs(nowMs, last.endedAtMs);
  if (agoMs >= compaction.coolDownMs) return [];
  const message = `the last compaction ended ${formatSpan(agoMs / 1000)} ago, and ${formatSpan(compaction.coolDownMs / 1000)} lie between two`;
  return [because('COOLING_DOWN', message)];
}
