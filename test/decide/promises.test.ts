import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, type OperationName, operationNames } from '../../src/cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { decide } from '../../src/decide/decide.ts';
import { onlyMadeSafe } from '../../src/decide/past.ts';
import { reasonCodes } from '../../src/decide/reason-codes.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { anySettings, anyState } from './any-state.ts';

/** The first of the named promises that does not hold. */
function broken(promises: Readonly<Record<string, boolean>>): string | undefined {
  return Object.entries(promises).find(([, holds]) => !holds)?.[0];
}

/** Policies that change the member list: what is broken is what they are for. */
const healing: readonly OperationName[] = ['replace', 'join', 'leave', 'member-update'];

/** Holds a promise against what is chosen in many states; the cases in which nothing is chosen prove nothing. */
function always(
  promise: (chosen: Decision, given: ClusterState, when: DecideSettings) => string | undefined,
  policies: readonly OperationName[] = operationNames,
): void {
  let seen = 0;
  fc.assert(
    fc.property(anyState, anySettings, (given, when) => {
      const { chosen } = decide(given, when);
      if (chosen === undefined || !policies.includes(chosen.policy)) return;
      seen += 1;
      expect(promise(chosen, given, when)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
  expect(seen).toBeGreaterThan(30);
}

const targetsOf = (chosen: Decision, { members }: ClusterState): readonly (MemberState | undefined)[] =>
  (chosen.action?.targets ?? []).map((id) => members.find((one) => one.id === id));

/** The agents' own promises: what breaks one is found here before it costs a quorum. */
describe('whatever the state of the cluster', () => {
  it('decides without a throw, with reasons from the list, and acts at most once', () => {
    fc.assert(
      fc.property(anyState, anySettings, (given, when) => {
        const { decisions, chosen } = decide(given, when);
        const reasons = decisions.flatMap((decision) => decision.reasons);
        const acting = decisions.filter(({ decision }) => decision === 'act');
        expect(
          broken({
            'at most one acts': acting.length <= 1 && acting[0] === chosen,
            'codes are of the list': reasons.every(({ code }) => Object.hasOwn(reasonCodes, code)),
            'sentences are for people': !reasons.some(({ message }) => /undefined|NaN|\[object/.test(message)),
            'a hold has no action, all else has one': decisions.every(
              ({ action, decision }) => (action === undefined) === (decision === 'hold'),
            ),
          }),
        ).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('acts only by right, on a quorum that agrees, with no CORRUPT and nothing else under way', () => {
    always((chosen, given, when) =>
      broken({
        'mode is auto': when.mode === 'auto',
        armed: given.armed !== undefined,
        // A slot that cannot be written any more is taken away by the recovery's claim.
        'the slot is free': given.slot === undefined || chosen.policy === 'nospace',
        'every key can be read': given.unreadable.length === 0,
        'nobody has paused': given.pause === undefined,
        'nobody else is at it': given.foreign.length === 0 || chosen.makesSafe === true,
        'a quorum has spoken': given.linearizable && given.votersReachable >= given.quorumSize,
        'a leader is agreed on': given.leaderId !== undefined,
        'alarms are known, CORRUPT is not there':
          !given.alarmsUnknown && given.alarms.every(({ alarm }) => alarm !== 'CORRUPT'),
      }),
    );
  });

  it('lets nothing but a full etcd go before a partition that is to be raised', () => {
    always((chosen, given) =>
      broken({
        'it is raised':
          given.podSet?.partitionAtRest === undefined ||
          ['nospace', 'rollout'].includes(chosen.policy) ||
          // It failed before, or nothing can be written down.
          given.history.some(onlyMadeSafe) ||
          given.alarms.length > 0,
        'and no pod is touched by that': chosen.policy !== 'rollout' || chosen.action?.targets.length === 0,
      }),
    );
  });

  it('acts only on voters whose agents are there and not paused', () => {
    always(
      (chosen, given) =>
        broken({
          'voters that there are': targetsOf(chosen, given).every((target) => target?.isLearner === false),
          'with an agent': targetsOf(chosen, given).every(
            (target) => (target?.agent ?? target?.observed) !== undefined,
          ),
          'not paused': targetsOf(chosen, given).every((target) => target?.observed?.localPause === undefined),
        }),
      operationNames.filter((name) => !healing.includes(name)),
    );
  });

  it('takes no member out of service while another is missing, lags or learns', () => {
    always(
      (chosen, given, when) =>
        broken({
          'every voter answers': given.votersReachable === given.voters && given.learners === 0,
          'one can be spared':
            given.voters >= 3 ||
            !['defrag', 'restart', 'upgrade'].includes(chosen.policy) ||
            (chosen.policy === 'defrag' ? when.defrag : when.restart).withoutSpare,
          'all are well': given.members.every(({ healthy, reachable }) => healthy && reachable),
          'all are caught up': given.members.every(({ lagEntries }) => lagEntries !== undefined && lagEntries <= 1000n),
          'none is at it': given.members.every(({ observed }) => observed?.defragInflight !== true),
        }),
      ['defrag', 'nospace', 'hash-check', 'restart', 'upgrade'],
    );
  });

  it('defragments no member whose disk has no room for a copy, or might not', () => {
    always(
      (chosen, given) =>
        broken({
          room: targetsOf(chosen, given).every(
            (target) => (target?.observed?.dataAvailableBytes ?? 0) >= 1.2 * (target?.dbSizeInUseBytes ?? Number.NaN),
          ),
        }),
      ['defrag', 'nospace'],
    );
  });

  it('never compacts the current revision, a young one, or one that is not durable', () => {
    always(
      (chosen, given, when) => {
        const { revision, compactRevision } = chosen.action?.parameters ?? {};
        const text = revision ?? compactRevision;
        if (typeof text !== 'string') return undefined;
        const target = BigInt(text);
        const ageMs = chosen.policy === 'nospace' ? when.nospace.compactOlderThanMs : when.compaction.keepMs;
        return broken({
          'below the current': target < given.revision && target > 0n,
          durable: given.durableRevision === undefined || target <= given.durableRevision,
          old: given.revisions.some((sample) => sample.ageSeconds * 1000 >= ageMs && target <= sample.revision),
        });
      },
      ['compaction', 'nospace'],
    );
  });

  it('moves the raft leadership only to a voter that is fit to have it', () => {
    always(
      (chosen, given) => {
        const [target] = targetsOf(chosen, given);
        return broken({
          voter: target?.isLearner === false && target.id !== given.leaderId,
          well: target?.healthy === true && target.reachable && (target.lagEntries ?? 9999n) <= 1000n,
          'no arbiter, with an agent': target?.agent?.role === 'default',
        });
      },
      ['move-leader'],
    );
  });

  it('removes a member only where the rest, all well, is a majority now and afterwards', () => {
    always(
      (chosen, given) => {
        const [victim] = targetsOf(chosen, given);
        const rest = given.members.filter(({ id, isLearner }) => id !== victim?.id && !isLearner);
        const well = rest.filter(({ reachable, healthy }) => reachable && healthy).length;
        const asked = chosen.requestedBy !== undefined;
        const byItself = asked && victim?.reachable === true && victim.healthy ? 1 : 0;
        const isVoter = victim?.isLearner === false;
        return broken({
          'of the list': victim !== undefined,
          'a majority now': !isVoter || well + byItself >= given.quorumSize,
          'a majority afterwards': !isVoter || well >= Math.floor((given.voters - 1) / 2) + 1,
          'never of two unless a person asks': !isVoter || asked || given.voters > 2,
          'somebody is left': !isVoter || rest.length > 0,
          'nobody else is broken': chosen.policy === 'leave' || well === rest.length,
        });
      },
      ['replace', 'leave'],
    );
  });

  it('replaces only by proof, by a majority, by the word of two observers, or for a person', () => {
    always(
      (chosen, given, when) => {
        const [victim] = targetsOf(chosen, given);
        const view = victim?.observed?.own;
        const stopped = view?.process.state === 'stopped';
        const proved =
          stopped && (view?.dataDir.state === 'corrupt' || (view?.dataDir.state === 'empty' && view.bootstrapped));
        const dead =
          (victim?.silence?.observers ?? 0) >= 2 &&
          victim?.silence?.silentTo === victim?.silence?.observers &&
          (victim?.silence?.seconds ?? 0) * 1000 >= when.heal.replaceAfterMs;
        const byHash = chosen.reasons.some(
          ({ code, message }) => code === 'DATA_CORRUPT' && message.includes('hash check'),
        );
        const { snapshot, agentId } = chosen.action?.parameters ?? {};
        return broken({
          'for a reason': chosen.requestedBy !== undefined || proved || (dead && victim?.reachable === false) || byHash,
          'with a backup, or consent':
            when.heal.withoutBackup ||
            (when.backups.stores > 0 && (snapshot === true || (given.unprotectedSeconds ?? 99) <= 60)),
          'by an agent that is there':
            given.members.some(({ agent }) => agent?.memberId === agentId) ||
            given.candidates.some(({ agent }) => agent.memberId === agentId),
        });
      },
      ['replace'],
    );
  });

  it('restarts and upgrades only what an agent can start, and upgrades only for a person, by one minor version', () => {
    always(
      (chosen, given, when) => {
        const targets = targetsOf(chosen, given);
        const to = Number(String(chosen.action?.parameters['to'] ?? '').split('.')[1]);
        const minors = given.members.map(({ version }) => Number(version?.split('.')[1]));
        return broken({
          'can be started': targets.every((target) => (target?.observed?.own?.kind ?? 'none') !== 'none'),
          'a person asks': chosen.policy === 'restart' || chosen.requestedBy !== undefined,
          'one minor version at most': chosen.policy === 'restart' || minors.every((minor) => to - minor <= 1),
          'back only half way': chosen.policy === 'restart' || minors.some((minor) => minor <= to),
          'with a backup, or consent':
            chosen.policy === 'restart' || chosen.action?.parameters['snapshot'] === true || when.heal.withoutBackup,
        });
      },
      ['restart', 'upgrade'],
    );
  });

  it('changes the list beside no learner but its own, and in one version', () => {
    always(
      (chosen, given) =>
        broken({
          'no learner': given.learners === 0 || chosen.policy === 'leave',
          'one version':
            new Set(given.members.flatMap(({ version }) => version?.match(/^\d+\.\d+/)?.[0] ?? [])).size <= 1,
        }),
      healing,
    );
  });
});
