import { AgentError } from '../../cluster/agent-error.ts';
import type { AgreedPlan, RecoveryEvidence } from '../../cluster/recovery.ts';
import { hasNewerLog } from './newer-log.ts';
import { type RecoverAgents, recoveryPaths } from './ports.ts';
import type { PromiseFile } from './promise-file.ts';
import { evidenceFrom } from './wire.ts';

/** What an agent goes by when it refuses to take part in a plan, or to go on with it. */
export interface RefusalParts {
  /** Of the own member. */
  readonly name: string;
  readonly promises: Pick<PromiseFile, 'isGivenBack'>;
  readonly agents: RecoverAgents;
  readonly evidence: () => Omit<RecoveryEvidence, 'promise' | 'run'>;
}

/** It was another agent's disk that the plan was made with. Throws `RECOVERY_CLONED`. */
export function refuseClone({ id, heard }: AgreedPlan, { name, evidence }: RefusalParts): void {
  const { instance } = evidence();
  const meant = heard.find((one) => one.name === name)?.instance;
  if (meant === undefined || instance === undefined || meant === instance) return;
  throw fault(
    'RECOVERY_CLONED',
    `Plan ${id} was made with another agent beside ${name} than this one: it was started again since, or its machine was copied.`,
  );
}

/**
 * Who gives a plan back asks the seed first, then the others, who start with their old data whenever that reaches them. One who leads beside it
 * must not have the same plan seeded meanwhile. Throws `RECOVERY_GIVEN_BACK`.
 */
export function refuseGivenBack({ id }: AgreedPlan, { promises, name }: RefusalParts): void {
  if (!promises.isGivenBack(id)) return;
  throw fault('RECOVERY_GIVEN_BACK', `Plan ${id} was given back by the agent beside ${name}: a new one is to be made.`);
}

/** There is nothing to recover where a quorum is seen. Throws `RECOVERY_QUORUM`. */
export function refuseQuorum(plan: AgreedPlan, { name, evidence }: RefusalParts): void {
  // A person who goes back to an older point does so while the cluster runs.
  if (plan.toRevision !== undefined || evidence().quorum !== 'holds') return;
  throw fault('RECOVERY_QUORUM', `The agent beside ${name} sees a quorum: there is nothing to recover.`);
}

/**
 * The seed takes nobody's word for it that all the others have promised and stopped: two clusters could come of it. Nor that its log is
 * the newest: the plan was made while the others may have run. Throws `RECOVERY_NOT_UNANIMOUS`, `RECOVERY_SEED_BEHIND`.
 */
export async function requireAllStopped(
  { id, heard, kind }: AgreedPlan,
  { agents, name, evidence }: RefusalParts,
  signal: AbortSignal,
): Promise<void> {
  const others = heard.filter((one) => one.name !== name);
  await Promise.all(
    others.map(async (one) => {
      const heard = evidenceFrom(await agents.get(one, recoveryPaths.evidence, signal));
      const { promise, member } = heard;
      if (member !== one.name || promise?.planId !== id || promise.steps.stop?.state !== 'done') {
        const what = `The agent beside ${one.name} has not promised plan ${id} and stopped.`;
        throw fault('RECOVERY_NOT_UNANIMOUS', what);
      }
      if (kind === 'seed-from-member' && hasNewerLog(heard, evidence())) {
        throw fault('RECOVERY_SEED_BEHIND', `${one.name} has a newer log than ${name}, which plan ${id} begins with.`);
      }
    }),
  );
}

/** What an agent answers with to whoever leads a recovery. */
export function fault(code: string, message: string): AgentError {
  return new AgentError(code, message, {
    remedy: 'Look at `etcd-caretaker recover`, which says what all agents know.',
  });
}
