import { describe, expect, it } from 'vitest';
import type { AsJson } from '../../src/expose/as-json.ts';
import { headlineOf } from '../../src/expose/headline.ts';
import type { Status } from '../../src/expose/status.ts';

function status(more: Partial<AsJson<Status>> = {}): AsJson<Status> {
  return {
    agent: { version: '0.1.0', member: 'm1', observedAt: '2026-01-01T00:00:00.000Z', rounds: 3 },
    cluster: { name: 'prod', id: 'c0ffee', raftTerm: '7', linearizable: true, leader: { id: 'id2', name: 'm2' } },
    quorum,
    ownMember: { state: 'healthy', summary: 'follower, healthy' },
    members: [],
    alarms: [],
    findings: [],
    faults: [],
    ...more,
  };
}

const now = Date.parse('2026-01-01T00:00:04.000Z');
const quorum = { voters: 3, learners: 0, votersReachable: 3, size: 2, holds: true, faultTolerance: 1 };

describe('the headline of a status', () => {
  it.each<[string, Partial<AsJson<Status>>, string]>([
    ['a healthy cluster', {}, 'Healthy. 3 of 3 voters answer, m2 leads (term 7); 1 more may be lost.'],
    [
      'one member down',
      { quorum: { ...quorum, votersReachable: 2, faultTolerance: 0 } },
      'Degraded. 2 of 3 voters answer, m2 leads (term 7); the next loss stops all writes.',
    ],
    [
      'a lost quorum',
      { quorum: { ...quorum, votersReachable: 1, holds: false, faultTolerance: 0 } },
      'QUORUM LOST. 1 of 3 voters answer, 2 are needed.',
    ],
    [
      'a single voter',
      { quorum: { voters: 1, learners: 0, votersReachable: 1, size: 1, holds: true, faultTolerance: 0 } },
      'Healthy. 1 of 1 voters answer, m2 leads (term 7); a single voter: the next loss stops all writes.',
    ],
    [
      'no leader',
      {
        cluster: { name: 'prod', raftTerm: '7', linearizable: false },
        quorum: { ...quorum, holds: false, faultTolerance: 0 },
      },
      'QUORUM LOST. 3 of 3 voters answer, but they have no raft leader: an election is under way, or they do not reach each other.',
    ],
    [
      'a leader that nobody may name',
      { cluster: { name: 'prod', raftTerm: '0', linearizable: true } },
      'Healthy. 3 of 3 voters answer, the raft leader is not known; 1 more may be lost.',
    ],
    [
      'NOSPACE',
      { alarms: [{ memberId: 'id1', member: 'm1', alarm: 'NOSPACE' }] },
      'NOSPACE: writes are refused, raised by m1. 3 of 3 voters answer, m2 leads (term 7).',
    ],
    [
      'CORRUPT, which is worse than NOSPACE',
      {
        alarms: [
          { memberId: 'id1', member: 'm1', alarm: 'NOSPACE' },
          { memberId: 'id2', member: 'm2', alarm: 'CORRUPT' },
        ],
      },
      'CORRUPT: m2. 3 of 3 voters answer, m2 leads (term 7).',
    ],
  ])('says what %s is', (_, more, expected) => {
    expect(headlineOf(status(more), now).text).toBe(expected);
  });

  it('does not call a cluster healthy of which something critical is known', () => {
    const finding = { collector: 'cluster', code: 'X', message: 'm', remedy: 'r', severity: 'critical' } as const;
    expect(headlineOf(status({ findings: [finding] }), now).text).toBe(
      'Not well: 1 critical below. 3 of 3 voters answer, m2 leads (term 7); 1 more may be lost.',
    );
  });

  it('says why nothing is known', () => {
    const { quorum: _, ...rest } = status({
      faults: [{ collector: 'cluster', code: 'ETCD_UNREACHABLE', message: 'refused' }],
    });
    expect(headlineOf(rest, now).text).toBe(
      'Unknown: the agent beside m1 cannot see the cluster. No member has given it the member list since it started: refused',
    );
    const late = { collector: 'cluster', code: 'COLLECTOR_DEADLINE', message: 'no answer' } as const;
    expect(headlineOf({ ...rest, faults: [late] }, now).text).toBe(
      'Unknown: the agent beside m1 cannot see the cluster. no answer',
    );
    expect(headlineOf({ ...rest, faults: [] }, now).text).toBe(
      'Unknown: the agent beside m1 cannot see the cluster. It has not observed it yet.',
    );
  });

  it.each([
    [{ seconds: 0.6, revisions: '3' }, 'Last backup 0.6 s ago, last proven restore 5 h ago.'],
    [{ seconds: 0, revisions: '0' }, 'Everything is backed up, last proven restore 5 h ago.'],
    [undefined, 'Last proven restore 5 h ago.'],
  ])('says how far the backups go: %j', (unprotected, expected) => {
    const requests = { put: 0, get: 0, head: 0, list: 0, delete: 0 };
    const store = { url: 'file:///b', provenAtMs: now - 5 * 3_600_000, requests };
    const stores = [{ ...store, ...(unprotected === undefined ? {} : { unprotected }) }];
    const well = 'Healthy. 3 of 3 voters answer, m2 leads (term 7); 1 more may be lost.';
    const working = status({ backups: { working: true, kinds: [], stores } });
    expect(headlineOf(working, now).text).toBe(`${well} ${expected}`);
    const elsewhere = status({ backups: { working: false, kinds: [], stores } });
    expect(headlineOf(elsewhere, now).text).toBe(well);
    expect(headlineOf(elsewhere, now, { lagSeconds: 75 }).text).toBe(
      `${well} Last backup 1 min 15 s ago, no restore proven yet.`,
    );
  });

  it.each([
    [{}, 'Not well: backups fail. '],
    [{ lagSeconds: 240 }, 'Not well: backups fail. '],
    [{ lagSeconds: 2 }, 'Healthy. '],
  ])('is not well where backups fail, once they lag behind: %j', (facts, begin) => {
    const { state, text } = headlineOf(status(), now, { ...facts, fault: 'The store refuses it.' });
    expect(text.startsWith(begin)).toBe(true);
    expect(text.endsWith(' Backups do not get on: The store refuses it.')).toBe(true);
    expect(state).toBe(begin.startsWith('Healthy') ? 'healthy' : 'unwell');
  });
});
