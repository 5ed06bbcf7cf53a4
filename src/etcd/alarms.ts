import type { AlarmEntry, AlarmKind, StatusReply } from './types.ts';

/**
 * How etcd writes an active alarm among the errors of its Status reply, since 3.4. A member id of 0, which stands for a member that it
 * cannot name, is left out, as protobuf's text form does: etcd 3.5 raises CORRUPT so after its own comparison (seen on 3.5.30).
 */
const ALARM_LINE = /^(?:memberID:(\d+) )?alarm:(NOSPACE|CORRUPT)\s*$/;

/**
 * The active alarms of all members, as the member that gave this Status knows them.
 *
 * Etcd's Alarm call would tell the same, but even to read it proposes an entry through raft: each look would cost every
 * member a write and an fsync, and without a quorum, or on a learner, nothing would be told at all.
 */
export function alarmsIn(status: StatusReply): readonly AlarmEntry[] {
  return status.errors.flatMap((line) => {
    const [, memberId = '0', alarm] = ALARM_LINE.exec(line) ?? [];
    return alarm === undefined ? [] : [{ memberId: BigInt(memberId).toString(16), alarm: alarm as AlarmKind }];
  });
}
