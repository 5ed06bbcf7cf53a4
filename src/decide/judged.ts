import type { JudgedMember } from '../cluster/caretaking-view.ts';
import type { CauseName } from '../cluster/diagnosis.ts';
import type { ClusterState } from '../cluster/state.ts';
import { judgeMember } from './judge-member.ts';
import type { DecideSettings } from './settings.ts';
import type { Verdict } from './verdict.ts';

/** What is a cause to be told as; of its own disk and clock each agent knows more, and tells it itself. */
const told: Readonly<Record<Verdict, CauseName | undefined>> = {
  well: undefined,
  'disk-slow': undefined,
  'clock-off': undefined,
  'process-down': 'process-down',
  starved: 'starved',
  'machine-gone': 'machine-gone',
  partitioned: 'partitioned',
  'partitioned-one-way': 'partitioned-one-way',
  'disk-full': 'disk-full',
  'data-gone': 'data-gone',
  'data-corrupt': 'data-corrupt',
  removed: 'removed',
  'certificate-expired': 'certificate-expired',
};

/** What healing finds of each member that is not well, for people to see. Pure. */
export function judgedMembers(state: ClusterState, settings: DecideSettings): readonly JudgedMember[] {
  return state.members.flatMap((member) => {
    const { verdict, remedy, reason } = judgeMember(member, state, settings);
    const cause = told[verdict];
    return cause === undefined ? [] : [{ member: member.name, verdict: cause, remedy, message: reason.message }];
  });
}
