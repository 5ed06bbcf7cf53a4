import { describe, expect, it } from 'vitest';
import { EtcdError, type EtcdErrorCode } from '../../../src/etcd/errors.ts';
import { judge } from '../../../src/observe/canary/outcome.ts';

const fails = (code: EtcdErrorCode): EtcdError => new EtcdError(code, 'said so');

describe('a request of a canary', () => {
  it.each([
    ['answered in time', { seconds: 0.5, heldUpSeconds: 0 }, 'succeeded'],
    ['answered in time although the agent was held up', { seconds: 0.4, heldUpSeconds: 0.4 }, 'succeeded'],
    ['answered late', { seconds: 0.51, heldUpSeconds: 0 }, 'slow'],
    ['answered late, and would have been without the pause of the agent', { seconds: 2, heldUpSeconds: 1 }, 'slow'],
    ['answered late because the agent was held up', { seconds: 0.9, heldUpSeconds: 0.5 }, 'discarded'],
    ['not answered', { seconds: 5, heldUpSeconds: 0, error: fails('ETCD_DEADLINE') }, 'failed'],
    ['without a leader', { seconds: 0.1, heldUpSeconds: 0, error: fails('ETCD_NO_LEADER') }, 'failed'],
    ['with nobody there', { seconds: 0.01, heldUpSeconds: 0, error: fails('ETCD_UNREACHABLE') }, 'failed'],
    ['refused because the quota is full', { seconds: 0.01, heldUpSeconds: 0, error: fails('ETCD_NOSPACE') }, 'failed'],
    ['refused because data differ', { seconds: 0.01, heldUpSeconds: 0, error: fails('ETCD_CORRUPT') }, 'failed'],
    [
      'stopped by an expired certificate',
      { seconds: 0.1, heldUpSeconds: 0, error: fails('ETCD_TLS_EXPIRED') },
      'failed',
    ],
    ['of a paused agent', { seconds: 60, heldUpSeconds: 55, error: fails('ETCD_DEADLINE') }, 'discarded'],
    ['by a wrong password', { seconds: 0.1, heldUpSeconds: 0, error: fails('ETCD_AUTH_FAILED') }, 'discarded'],
    ['to a learner', { seconds: 0.1, heldUpSeconds: 0, error: fails('ETCD_LEARNER') }, 'discarded'],
    ['that the user may not make', { seconds: 0.1, heldUpSeconds: 0, error: fails('ETCD_PERMISSION_DENIED') }, 'off'],
    ['for which there is no user', { seconds: 0.1, heldUpSeconds: 0, error: fails('ETCD_AUTH_REQUIRED') }, 'off'],
  ] as const)('%s', (_, attempt, outcome) => {
    expect(judge(attempt, 0.5).outcome).toBe(outcome);
  });

  it('that failed says why', () => {
    const { fault } = judge({ seconds: 1, heldUpSeconds: 0, error: fails('ETCD_NOSPACE') }, 0.5);
    expect(fault).toMatchObject({ code: 'ETCD_NOSPACE', message: 'said so', remedy: expect.stringContaining('quota') });
  });
});
