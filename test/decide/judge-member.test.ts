import { describe, expect, it } from 'vitest';
import type { EndCause, OwnMemberView } from '../../src/cluster/own-member.ts';
import type { ClusterState, MemberSilence, MemberState } from '../../src/cluster/state.ts';
import { judgeMember } from '../../src/decide/judge-member.ts';
import { agent, broken, entry, observed, own, settings, state, supervised } from './states.ts';

const seen = (seconds: number, observers = 2, silentTo = observers): { readonly silence: MemberSilence } => ({
  silence: { seconds, observers, silentTo },
});
const ended = (cause: EndCause, more: Partial<OwnMemberView> = {}): Partial<OwnMemberView> => ({
  process: { state: 'stopped', end: { how: 'exit code 1', cause, atMs: 0 } },
  ...more,
});
const differs = (differsFrom: readonly string[], damagedEnds: number): Partial<OwnMemberView> => ({
  process: { state: 'stopped', end: { how: 'exit code 1', cause: 'data-differs', atMs: 0, differsFrom } },
  damagedEnds,
});
const expired = { fault: 'the certificate of the server has expired', faultCode: 'ETCD_TLS_EXPIRED' };
const running: Partial<OwnMemberView> = { process: { state: 'running', adopted: false } };
const { quorumRttSeconds: _rtt, ...unheard } = observed();
const corrupt: OwnMemberView['dataDir'] = { state: 'corrupt', part: 'wal', problem: 'a crc does not match' };
const check = (figures: Record<string, number>) => ({ history: [entry('hash-check', { figures })] });

/** How a member is judged, in one line: what it has, and what is done about it. */
describe('what a member suffers from', () => {
  it.each<[string, MemberState, Partial<ClusterState>, string]>([
    ['one that serves', supervised(3), {}, 'well wait ALL_WELL'],
    ['one that serves, where no other agent has looked', supervised(3, seen(0, 0)), {}, 'well wait ALL_WELL'],
    ['one that one observer does not reach', supervised(3, seen(0, 2, 1)), {}, 'partitioned wait PARTITIONED'],
    [
      'one with a disk that takes seconds',
      supervised(3, { observed: observed({ own: own(3), walFsyncP99Seconds: 2 }) }),
      {},
      'disk-slow wait DISK_SLOW',
    ],
    [
      'the raft leader with such a disk',
      supervised(1, { observed: observed({ own: own(1), walFsyncP99Seconds: 2 }) }),
      {},
      'disk-slow move-leader DISK_SLOW',
    ],
    [
      'one whose clock is two seconds behind',
      supervised(3, { observed: observed({ own: own(3), clockOffSeconds: -2 }) }),
      {},
      'clock-off page CLOCK_OFF',
    ],
    ['one that answers and is not healthy', supervised(3, { healthy: false }), {}, 'starved wait STARVED'],

    [
      'data that are gone, by its own agent',
      broken(3, { dataDir: { state: 'empty' } }),
      {},
      'data-gone replace DATA_GONE',
    ],
    [
      'an empty dir beside an agent that has no record of its member',
      broken(3, { dataDir: { state: 'empty' }, bootstrapped: false }),
      {},
      'data-gone wait NOT_DEAD_YET',
    ],
    [
      'such a dir when it has been dead for long enough',
      broken(3, { dataDir: { state: 'empty' }, bootstrapped: false }, seen(300)),
      {},
      'data-gone replace DATA_GONE',
    ],
    [
      'such a dir when one of the observers reaches the member',
      broken(3, { dataDir: { state: 'empty' }, bootstrapped: false }, seen(300, 2, 1)),
      {},
      'data-gone wait NOT_DEAD_YET',
    ],
    [
      'an empty dir beside a process that runs',
      broken(3, { ...running, dataDir: { state: 'empty' } }),
      {},
      'partitioned-one-way wait PARTITIONED_ONE_WAY',
    ],
    ['data that are corrupt', broken(3, { dataDir: corrupt }), {}, 'data-corrupt replace DATA_CORRUPT'],
    [
      'a WAL that etcd refuses once, and that its agent finds whole',
      broken(3, ended('wal-corrupt', { damagedEnds: 1 })),
      {},
      'process-down restart PROCESS_DOWN',
    ],
    [
      'a WAL that etcd refuses three times in a row',
      broken(3, ended('wal-corrupt', { damagedEnds: 3 })),
      {},
      'data-corrupt replace DATA_CORRUPT',
    ],
    [
      'a database that etcd refuses, for long, and not each time',
      broken(3, ended('database-corrupt', { damagedEnds: 1 }), seen(300)),
      {},
      'data-corrupt page NEEDS_PERSON',
    ],
    [
      'a database that etcd refuses three times in a row, and that its agent cannot read',
      broken(
        3,
        ended('database-corrupt', { damagedEnds: 3, dataDir: { state: 'unreadable', problem: 'EIO' } }),
        seen(300),
      ),
      {},
      'data-corrupt page NEEDS_PERSON',
    ],
    [
      'a log that lost its end, as soon as a raft leader has shown it',
      broken(3, ended('log-behind')),
      {},
      'data-corrupt replace DATA_CORRUPT',
    ],
    [
      'data that differ from the others at one start',
      broken(3, differs(['http://127.0.0.1:11', 'http://127.0.0.1:21'], 1)),
      {},
      'process-down restart PROCESS_DOWN',
    ],
    [
      'data that differ at three starts from the data that all others have',
      broken(3, differs(['http://127.0.0.1:11', 'http://127.0.0.1:21'], 3)),
      {},
      'data-corrupt replace DATA_CORRUPT',
    ],
    [
      'data that differ at three starts from those of one other only',
      broken(3, differs(['http://127.0.0.1:11'], 3)),
      {},
      'data-corrupt page NO_MAJORITY',
    ],
    [
      'data that differ from those of members which are none any more, and from its own address',
      broken(3, differs(['http://127.0.0.1:31', 'http://127.0.0.1:41', 'http://127.0.0.1:11'], 3)),
      {},
      'data-corrupt page NO_MAJORITY',
    ],
    [
      'data that differ at three starts, where etcd does not say from whose',
      broken(3, differs([], 3)),
      {},
      'data-corrupt page NO_MAJORITY',
    ],
    [
      'data that differed at one start, of a member that has been silent for long since',
      broken(3, differs(['http://127.0.0.1:11', 'http://127.0.0.1:21'], 1), seen(300)),
      {},
      'data-corrupt page NO_MAJORITY',
    ],

    ['a process that was killed', broken(3, ended('killed')), {}, 'process-down restart PROCESS_DOWN'],
    [
      'a process that has just ended for the third time',
      broken(3, ended('unknown', { restarts: 3 })),
      {},
      'process-down restart PROCESS_DOWN',
    ],
    [
      'a process that ends again and again for a reason that nobody knows, while its data can be read',
      broken(3, ended('unknown', { restarts: 3 }), seen(300)),
      {},
      'process-down page NEEDS_PERSON',
    ],
    [
      'a process that cannot be started at all, dead for long enough',
      broken(
        3,
        ended('unknown', {
          boot: { action: 'wait', reasons: [{ code: 'SUPERVISE_START_FAILED', message: 'EACCES' }] },
        }),
        seen(300),
      ),
      {},
      'process-down page NEEDS_PERSON',
    ],
    [
      'a process that was started often, ran well since, and is dead for long enough',
      broken(3, ended('unknown', { restarts: 9, vainStarts: 1 }), seen(300)),
      {},
      'process-down page NEEDS_PERSON',
    ],
    [
      'a process that is killed again and again: another one would be too',
      broken(3, ended('killed', { restarts: 9 }), seen(900)),
      {},
      'process-down page NEEDS_PERSON',
    ],
    [
      'a process that a person has stopped',
      broken(3, ended('asked'), seen(900)),
      {},
      'process-down restart PROCESS_DOWN',
    ],
    ['a full disk', broken(3, ended('disk-full'), seen(900)), {}, 'disk-full free-space DISK_FULL'],
    ['a wrong flag', broken(3, ended('bad-flag', { restarts: 9 }), seen(900)), {}, 'process-down page NEEDS_PERSON'],
    ['an address that is in use', broken(3, ended('address-in-use'), seen(900)), {}, 'process-down page NEEDS_PERSON'],
    ["another cluster's data", broken(3, ended('wrong-cluster'), seen(900)), {}, 'process-down page NEEDS_PERSON'],
    [
      'a certificate that has expired',
      broken(3, ended('certificate'), seen(900)),
      {},
      'certificate-expired page CERTIFICATE_EXPIRED',
    ],
    ['one that has heard of its removal', broken(3, ended('removed'), seen(900)), {}, 'removed wait MEMBER_REMOVED'],
    [
      'data that cannot be looked at',
      broken(3, { dataDir: { state: 'unreadable', problem: 'EIO' } }, seen(900)),
      {},
      'process-down page NEEDS_PERSON',
    ],

    [
      'data that could not be looked at for a moment, as those that have just gone',
      broken(3, { dataDir: { state: 'unreadable', problem: 'gone for a moment only' } }),
      {},
      'process-down restart PROCESS_DOWN',
    ],

    [
      'a certificate that has expired while etcd runs',
      broken(3, running, { ...seen(900), ...expired }),
      {},
      'certificate-expired page CERTIFICATE_EXPIRED',
    ],
    [
      'a certificate that has expired, and that its agent cannot use any more either',
      broken(3, undefined, { ...seen(900), ...expired }),
      {},
      'certificate-expired page CERTIFICATE_EXPIRED',
    ],
    [
      'a process that has ended, though its certificate has expired as well',
      broken(3, { dataDir: { state: 'empty' } }, { ...seen(900), ...expired }),
      {},
      'data-gone replace DATA_GONE',
    ],

    [
      'a process that runs and that nobody reaches',
      broken(3, running, seen(900)),
      {},
      'partitioned-one-way page PARTITIONED_ONE_WAY',
    ],
    [
      'a process that runs, reaches nobody, and is reached by nobody',
      broken(3, running, { ...seen(900), observed: { ...unheard, own: own(3, running) } }),
      {},
      'starved page STARVED',
    ],
    [
      'a process that runs and that some reach',
      broken(3, running, seen(900, 3, 1)),
      {},
      'partitioned wait PARTITIONED',
    ],

    ['a machine that is away, not for long', broken(3), {}, 'machine-gone wait MACHINE_GONE'],
    ['a machine that is away for long enough', broken(3, undefined, seen(300)), {}, 'machine-gone replace MEMBER_DEAD'],
    [
      'a machine that only one agent has looked for',
      broken(3, undefined, seen(900, 1)),
      {},
      'machine-gone wait TOO_FEW_OBSERVERS',
    ],
    ['a machine that some reach', broken(3, undefined, seen(900, 2, 1)), {}, 'partitioned wait PARTITIONED'],
    [
      'a member whose agent is registered and does not answer',
      broken(3, undefined, { ...seen(900), agent: agent(3) }),
      {},
      'starved page STARVED',
    ],
    [
      'a member whose agent does not start it, away for long enough',
      broken(3, { kind: 'none', dataDir: { state: 'empty' } }, seen(900)),
      {},
      'starved page STARVED',
    ],
    [
      'a word of its agent that is too old to count',
      broken(3, undefined, {
        ...seen(300),
        observed: { ...observed({ own: own(3, { dataDir: { state: 'empty' } }) }), ageSeconds: 61 },
      }),
      {},
      'starved page STARVED',
    ],

    [
      'one that a hash check names',
      supervised(3),
      check({ hashMismatch: 1, members: 3, 'hashDiffers.3': 1 }),
      'data-corrupt replace DATA_CORRUPT',
    ],
    [
      'one of the majority',
      supervised(2),
      check({ hashMismatch: 1, members: 3, 'hashDiffers.3': 1 }),
      'well wait ALL_WELL',
    ],
    [
      'one of those that no majority agrees with',
      supervised(3),
      check({ hashMismatch: 1, members: 3, 'hashDiffers.1': 1, 'hashDiffers.2': 1, 'hashDiffers.3': 1 }),
      'well wait ALL_WELL',
    ],
    ['one that was in order since', supervised(3), check({ hashMismatch: 0, members: 3 }), 'well wait ALL_WELL'],
    [
      'one for which CORRUPT is raised, and that no hash check names',
      supervised(3),
      { alarms: [{ memberId: '3', member: 'm3', alarm: 'CORRUPT' }] },
      'data-corrupt page CORRUPT_ALARM',
    ],
  ])('%s', (_, member, more, expected) => {
    const members = [1, 2, 3].map((n) => (`${n}` === member.id ? member : supervised(n)));
    const { verdict, remedy, reason } = judgeMember(member, state(members, more), settings);
    expect(`${verdict} ${remedy} ${reason.code}`).toBe(expected);
    expect(reason.message).not.toMatch(/undefined|NaN|\[object/);
  });
});
