import { randomBytes } from 'node:crypto';
import { timeName } from '../../backup/names.ts';
import { faultOf } from '../../cluster/agent-error.ts';
import { newestList } from '../../cluster/last-list.ts';
import type { AgreedPlan, PlannedMember, RecoveryEvidence, RecoveryPlan, StoreReach } from '../../cluster/recovery.ts';
import type { ExpectedMember } from '../../decide/recover/recover-plan.ts';
import { type RecoverAgents, recoveryPaths } from './ports.ts';
import { evidenceFrom } from './wire.ts';

/** A member that should be there, and where the agent beside it is to be asked. */
export interface Expected {
  readonly name: string;
  /** Absent where nobody knows it. */
  readonly agentUrl?: string;
  readonly peerUrls: readonly string[];
}

/** A member that should be there, and what came of asking. */
export interface Gathered extends ExpectedMember {
  readonly expected: Expected;
}

/**
 * Asks every agent, all at once; the own one answers for itself. Who does not answer is said to be silent, with why; so is a voter that only
 * the member list of another agent names: whoever asks may have lost its own, or have an old configuration.
 */
export async function gather(
  expected: readonly Expected[],
  own: RecoveryEvidence,
  agents: Pick<RecoverAgents, 'get'>,
  signal: AbortSignal,
): Promise<readonly Gathered[]> {
  const asked = await Promise.all(
    expected.map(async (one): Promise<Gathered> => {
      const { name, agentUrl } = one;
      if (name === own.member) {
        const clone = await cloneOf(one, own, agents, signal);
        return { name, evidence: own, expected: one, ...(clone === undefined ? {} : { clone }) };
      }
      if (agentUrl === undefined) {
        return { name, silence: 'nobody knows where its agent answers (cluster.peers)', expected: one };
      }
      try {
        const evidence = evidenceFrom(await agents.get({ name, agentUrl }, recoveryPaths.evidence, signal));
        if (evidence.member === name) return { name, evidence, expected: one };
        return { name, silence: `what answers there stands beside ${evidence.member}`, expected: one };
      } catch (error) {
        signal.throwIfAborted();
        return { name, silence: faultOf(error).message, expected: one };
      }
    }),
  );
  return [...asked, ...unexpectedIn(asked)];
}

/** Whether the others, who ask where this agent says that it answers, speak with another one. A sentence; nobody may be reachable there from here. */
async function cloneOf(
  { name, agentUrl }: Expected,
  own: RecoveryEvidence,
  agents: Pick<RecoverAgents, 'get'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (agentUrl === undefined || own.instance === undefined) return undefined;
  try {
    const { member, instance } = evidenceFrom(await agents.get({ name, agentUrl }, recoveryPaths.evidence, signal));
    if (member !== name || instance === undefined || instance === own.instance) return undefined;
    return `at ${agentUrl} another agent answers that also stands beside ${name}: one of the two machines is a copy, and has to be stopped`;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function unexpectedIn(asked: readonly Gathered[]): readonly Gathered[] {
  const known = new Set(asked.map(({ name }) => name));
  const newest = newestList(asked.flatMap(({ evidence }) => evidence?.list ?? []));
  return (newest?.members ?? [])
    .filter(({ name, isLearner }) => !isLearner && name !== '' && !known.has(name))
    .map(({ name, peerUrls }) => ({
      name,
      silence: 'it is in the last member list, and nobody knows where its agent answers (cluster.peers)',
      expected: { name, peerUrls },
    }));
}

/** What all agents that were heard are asked to promise, of a plan to seed. */
export function agreedPlan(
  plan: Extract<RecoveryPlan, { readonly kind: 'seed-from-member' | 'seed-from-store' }>,
  gathered: readonly Gathered[],
  nowMs: number,
): AgreedPlan {
  const { kind, seed, bound } = plan;
  const clusterId = gathered.flatMap(({ evidence }) => clusterIdOf(evidence) ?? [])[0];
  const store: StoreReach | undefined = plan.store;
  return {
    ...{ kind, seed, bound },
    id: `${timeName(nowMs)}-${randomBytes(4).toString('hex')}`,
    // To the second, as it stands in the name of what goes to quarantine.
    atMs: Math.floor(nowMs / 1000) * 1000,
    heard: gathered.flatMap(({ evidence, expected }) => (evidence === undefined ? [] : plannedOf(evidence, expected))),
    lost: gathered
      .filter(({ evidence }) => evidence === undefined)
      .map(({ name, expected }) => ({ name, urls: expected.peerUrls })),
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(store === undefined ? {} : { store }),
    ...('toRevision' in plan && plan.toRevision !== undefined ? { toRevision: plan.toRevision } : {}),
  };
}

/** Of which cluster an agent's member was last, by its data or by what it remembers. */
export function clusterIdOf(evidence: RecoveryEvidence | undefined): string | undefined {
  const { dataDir, identity } = evidence?.own ?? {};
  if (dataDir?.state === 'intact') return dataDir.clusterId;
  return identity?.clusterId ?? evidence?.list?.clusterId;
}

function plannedOf(evidence: RecoveryEvidence, { name, agentUrl = '', peerUrls }: Expected): PlannedMember {
  const { instance } = evidence;
  const planned = { name, agentUrl, peerUrl: evidence.peerUrl ?? peerUrls[0] ?? '' };
  return instance === undefined ? planned : { ...planned, instance };
}
