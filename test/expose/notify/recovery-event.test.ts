import { expect, test } from 'vitest';
import type { AgreedPlan } from '../../../src/cluster/recovery.ts';
import { alertsOf } from '../../../src/expose/notify/messages.ts';
import {
  recoveryEnded,
  recoveryHeld,
  recoveryHeldNoMore,
  recoveryStarted,
} from '../../../src/expose/notify/recovery-event.ts';

const sender = { cluster: 'prod', member: 'm1' };
const atMs = Date.UTC(2026, 0, 2);
const plan: AgreedPlan = {
  ...{ kind: 'seed-from-member', id: 'plan-0001', atMs, seed: 'm2', heard: [], lost: [{ name: 'm3', urls: [] }] },
  bound: { revisions: 7n, seconds: 1, basis: 'as it was seen' },
};
const namesOf = (alerts: ReturnType<typeof alertsOf>) => alerts.map(({ labels }) => labels['alertname']);

test('a recovery is an alert from its beginning to its end, and says what may be missing and how it ended', () => {
  const [begun] = alertsOf(recoveryStarted(plan, atMs), sender);
  expect(begun).toMatchObject({
    labels: { alertname: 'EtcdCaretakerRecovery', severity: 'critical', cluster: 'prod', operation: 'recover' },
    annotations: {
      summary: 'The lost quorum is recovered, beginning with m2: at most 7 revisions may be missing',
      description: 'as it was seen\nGiven up: m3.',
    },
  });
  const done = alertsOf(recoveryEnded(plan, { atMs, seconds: 9.5, fault: undefined }), sender);
  expect(namesOf(done)).toEqual(['EtcdCaretakerRecovery', 'EtcdCaretakerRecoveryEnded']);
  expect(done[0]?.labels).toEqual(begun?.labels);
  const fault = { code: 'RECOVERY_STEP_FAILED', message: 'no room', remedy: 'Make room.' };
  const [, failed] = alertsOf(recoveryEnded(plan, { atMs, seconds: 9.5, fault }), sender);
  expect(failed).toMatchObject({
    labels: { outcome: 'failed', severity: 'critical' },
    annotations: { summary: 'The recovery beginning with m2 failed after 9.5 s: no room', description: 'Make room.' },
  });
});

test('what is in the way of one is an alert by its reason until it is gone', () => {
  const reasons = [{ code: 'AGENT_NOT_HEARD', message: 'm3 was not heard' }];
  const [held] = alertsOf(recoveryHeld(reasons, atMs, false), sender);
  expect(held).toMatchObject({
    labels: { alertname: 'EtcdCaretakerRecoveryHeld', reason: 'AGENT_NOT_HEARD' },
    annotations: { summary: 'The quorum is lost, and it is not recovered: m3 was not heard' },
  });
  const [over] = alertsOf(recoveryHeldNoMore(reasons, atMs), sender);
  expect(over).toMatchObject({ labels: held?.labels, endsAt: new Date(atMs).toISOString() });
});
