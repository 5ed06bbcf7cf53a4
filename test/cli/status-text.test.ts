import { describe, expect, it } from 'vitest';
import { ifLostText, isFaulty, statusText } from '../../src/cli/status-text.ts';
import type { AsJson } from '../../src/expose/as-json.ts';
import type { Status } from '../../src/expose/status.ts';

type Member = AsJson<Status>['members'][number];

function member(n: number, more: Partial<Member> = {}): Member {
  return {
    id: `id${n}`,
    name: `m${n}`,
    own: n === 1,
    role: n === 2 ? 'leader' : 'follower',
    voter: true,
    reachable: true,
    healthy: true,
    version: '3.5.30',
    revision: '12400',
    revisionLag: '0',
    raftIndex: '12500',
    raftIndexLagEntries: '12400',
    dbSizeBytes: 2 ** 30,
    dbSizeInUseBytes: 2 ** 29,
    clientUrls: [`http://127.0.0.1:${n}2379`],
    peerUrls: [],
    ...more,
  };
}

function status(more: Partial<AsJson<Status>> = {}): AsJson<Status> {
  return {
    agent: { version: '0.1.0', member: 'm1', observedAt: '2026-01-01T00:00:00.000Z', rounds: 3 },
    cluster: { name: 'prod', id: 'c0ffee', raftTerm: '7', linearizable: true, leader: { id: 'id2', name: 'm2' } },
    quorum: { voters: 3, learners: 0, votersReachable: 3, size: 2, holds: true, faultTolerance: 1 },
    ownMember: { state: 'healthy', summary: 'follower, healthy' },
    members: [member(10), member(1), member(2)],
    alarms: [],
    findings: [],
    faults: [],
    ...more,
  };
}

const now = Date.parse('2026-01-01T00:00:04.000Z');
const quorum = { voters: 3, learners: 0, votersReachable: 3, size: 2, holds: true, faultTolerance: 1 };

describe('the exit code of a status', () => {
  it('is that of a fault unless the cluster is healthy and nothing critical was found', () => {
    const finding = { collector: 'certificates', code: 'X', message: 'm', remedy: 'r' } as const;
    expect(isFaulty(status())).toBe(false);
    expect(isFaulty(status({ findings: [{ ...finding, severity: 'warning' }] }))).toBe(false);
    expect(isFaulty(status({ findings: [{ ...finding, severity: 'critical' }] }))).toBe(true);
    expect(isFaulty(status({ quorum: { ...quorum, votersReachable: 2, faultTolerance: 0 } }))).toBe(true);
  });
});

describe('the status as text', () => {
  it('has the members in the order of their names, with units', () => {
    const lines = statusText(status(), now).split('\n');
    expect(lines[1]).toBe('Cluster prod (c0ffee), seen by the agent beside m1 4 s ago');
    expect(lines.slice(4, 7).map((line) => line.split(/\s{2,}/)[0])).toEqual(['m1 *', 'm2', 'm10']);
    expect(lines[4]).toMatch(/follower\s+healthy\s+3\.5\.30\s+12,400\s+0\s+1\.00 GiB\s+512 MiB\s+http/);
  });

  it('says of each member that is down why, and of each collector that failed what to do', () => {
    const text = statusText(
      status({
        members: [
          member(3, { reachable: false, healthy: false, fault: { code: 'ETCD_UNREACHABLE', message: 'refused' } }),
        ],
        faults: [{ collector: 'process', code: 'X', message: 'no such process', remedy: 'start etcd' }],
      }),
      now,
    );
    expect(text).toContain('  down      m3: refused\n');
    expect(text).toContain('  not seen  process: no such process\n            to do: start etcd\n');
  });

  it('says that the member list is from the memory of the agent, and how old it is', () => {
    const remembered = status({
      cluster: { name: 'prod', linearizable: false, listAgeSeconds: 61 },
      quorum: { ...quorum, votersReachable: 0, holds: false, faultTolerance: 0 },
    });
    expect(statusText(remembered, 0)).toContain('QUORUM LOST. 0 of 3 voters answer, 2 are needed.');
    expect(statusText(remembered, 0)).toContain(
      "member list from the agent's memory: the last one that a member gave, 1 min 1 s ago",
    );
  });

  it('says once what all collectors miss where etcd does not run, and where a lost quorum can be brought back', () => {
    const faults = [
      { collector: 'wal', code: 'ETCD_UNREACHABLE', message: 'refused', remedy: 'start etcd' },
      { collector: 'peers', code: 'MEMBERS_UNKNOWN', message: 'no member', remedy: 'look' },
      { collector: 'quota', code: 'OTHER', message: 'something else' },
    ] as const;
    const own = {
      kind: 'child',
      process: { state: 'stopped', end: { how: 'unknown', cause: 'unknown', atMs: 0 } },
      dataDir: { state: 'empty' },
      bootstrapped: true,
      restarts: 0,
      quarantine: [],
    } as const;
    const { quorum: _, ...rest } = status({ faults, own });
    const text = statusText(rest, now);
    expect(text).toContain('  not seen  wal, peers: etcd of m1 does not run\n  not seen  quota: something else\n');
    expect(text).toContain('\nIf it stays so, `etcd-caretaker recover` says');
    expect(text).toContain('etcd of m1 does not run: how it ended is not known\n');
    expect(statusText(status({ own }), now)).not.toContain('etcd-caretaker recover');
  });

  it.each([
    [{ quotaSource: 'metrics', quotaBytes: 2 ** 31, usedRatio: 0.5, fullInSeconds: 7200 }, '50.0 %), full in 2 h'],
    [{ quotaSource: 'metrics', quotaBytes: 2 ** 31, usedRatio: 0.5, fullInSeconds: '+Inf' }, '50.0 %), not growing'],
    [{ quotaSource: 'metrics', quotaBytes: 2 ** 31, usedRatio: 0.5 }, '50.0 %), time to full not known yet'],
    [{ quotaSource: 'disabled' }, 'Quota     disabled; 1.00 GiB in the file'],
    [{ quotaSource: 'unknown' }, 'Quota     unknown; 1.00 GiB in the file'],
  ] as const)('says how the quota stands: %j', (quota, expected) => {
    const common = { dbSizeBytes: 2 ** 30, dbSizeInUseBytes: 2 ** 29, fragmentationRatio: 0.5 };
    expect(statusText(status({ quota: { ...common, ...quota } }), now)).toContain(expected);
  });
});

describe('status --if-lost', () => {
  it('says that a healthy cluster goes on without one member, and that the leader costs an election', () => {
    expect(ifLostText(status(), 'm2')).toBe(
      'Without m2: 2 of 3 voters would answer, 2 are needed; writes go on, and no further loss is survived. It is the raft leader: an election comes first.\n',
    );
  });

  it('says that a degraded cluster does not', () => {
    const degraded = status({ quorum: { ...quorum, votersReachable: 2, faultTolerance: 0 } });
    expect(ifLostText(degraded, 'id1')).toContain('QUORUM WOULD BE LOST');
  });

  it('knows no member of another name', () => {
    expect(ifLostText(status(), 'm7')).toBeUndefined();
  });
});
