import type { Reason } from '../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../cluster/state.ts';
import { freshOf } from './fitness.ts';
import { because } from './policy.ts';
import type { DecideSettings } from './settings.ts';

/** Fewer voters than this have none to spare. */
const LEAST_VOTERS = 3;

/** What keeps members from being stopped and started in turn: none can be spared, or its agent cannot do it. */
export function turnTrouble(
  targets: readonly MemberState[],
  { voters }: ClusterState,
  { restart: { withoutSpare } }: DecideSettings,
): readonly Reason[] {
  const spare =
    voters >= LEAST_VOTERS || withoutSpare
      ? []
      : [
          because(
            'NO_SPARE',
            `with ${voters} voter${voters === 1 ? '' : 's'} the cluster stands still while one is started again, and maintenance.restart.withoutSpare does not consent to that`,
          ),
        ];
  return [...spare, ...targets.flatMap(unstartable)];
}

/** Who has no agent is told of by the gate. */
function unstartable(member: MemberState): readonly Reason[] {
  if (member.agent === undefined) return [];
  const kind = freshOf(member)?.own?.kind;
  if (kind === undefined) {
    return [because('NOT_SUPERVISED', `the agent of ${member.name} does not say whether it can start it`)];
  }
  return kind === 'none'
    ? [because('NOT_SUPERVISED', `the agent of ${member.name} only watches it (supervise.kind is none)`)]
    : [];
}
