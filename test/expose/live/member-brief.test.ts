import { describe, expect, it } from 'vitest';
import { memberBrief } from '../../../src/expose/live/member-brief.ts';
import { emptyObservation, fullObservation } from '../support/full-observation.ts';
import { roundAt } from './rounds.ts';

const devices = fullObservation.sections.disk?.value?.devices ?? [];

/** The same devices after so much more work. */
const worked = (busySeconds: number, writes: number, device?: string) => ({
  disk: {
    devices: devices.map((each) =>
      each.counters === undefined
        ? each
        : {
            ...each,
            ...(device === undefined ? {} : { device }),
            counters: {
              ...each.counters,
              ioTimeSeconds: each.counters.ioTimeSeconds + busySeconds,
              writesCompleted: each.counters.writesCompleted + writes,
            },
          },
    ),
  },
});

describe('a member in brief', () => {
  it('says what its agent knows of it', () => {
    expect(memberBrief(fullObservation)).toMatchObject({
      member: 'm1',
      memberId: '8e9e05c52164694d',
      agentVersion: '1.2.3',
      etcdStartedAt: '2026-01-02T02:04:05.000Z',
      latency: { walFsyncP99Seconds: 0.0041, backendCommitP99Seconds: 0.0125, linearizableReadSeconds: 0.00175 },
      disks: [
        { role: 'wal', device: 'nvme0n1p2', sizeBytes: 107_374_182_400, availableBytes: 53_687_091_200 },
        { role: 'data' },
      ],
      quota: { usedRatio: 0.8 },
      certificate: { role: 'served-peer', subject: 'CN=m2', notAfter: '2026-01-05T03:04:05.000Z' },
      causes: [{ verdict: 'disk-slow-neighbour', since: '2026-01-02T03:03:45.000Z' }, { verdict: 'client-timeouts' }],
    });
  });

  it('has of each other member the newest round trip of the cheapest probe that worked, or why there is none', () => {
    expect(memberBrief(fullObservation).peers).toEqual([
      { member: 'm2', memberId: '91bc3c398fb3c146', rttSeconds: 0.0004, clockSkewSeconds: -0.25 },
      { member: 'm3', memberId: 'fd422379fda50e48', fault: 'm3 refused the connection.' },
    ]);
  });

  it('knows the work of a disk from two readings of its counters, by the time between their beginnings', () => {
    const [now, before] = [roundAt(10, worked(4, 500)), roundAt(0)];
    expect(memberBrief(now, before).disks[0]).toMatchObject({ busyRatio: 0.4, writesPerSecond: 50 });
    expect(
      memberBrief(
        { ...now, observedAtMonotonicMs: now.observedAtMonotonicMs + 3000, observedAtMs: now.observedAtMs + 3000 },
        before,
      ).disks[0],
    ).toMatchObject({ busyRatio: 0.4 });
  });

  it.each([
    ['of another device', roundAt(10, worked(4, 500, 'sdb'))],
    ['that began anew', roundAt(10, worked(-300, -500))],
    ['of the same reading', roundAt(0)],
  ])('makes nothing of counters %s', (_, now) => {
    expect(memberBrief(now, roundAt(0)).disks[0]).not.toHaveProperty('busyRatio');
  });

  it('leaves out what is not known', () => {
    const { disks, peers, causes, latency, ...rest } = memberBrief(emptyObservation);
    expect({ disks, peers, causes, latency }).toEqual({ disks: [], peers: [], causes: [], latency: {} });
    expect(Object.keys(rest)).toEqual(['member', 'agentVersion', 'observedAt']);
  });
});
