import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../src/cluster/agent-error.ts';
import {
  lastGaspFailed,
  lastGaspKept,
  type NotifyEvent,
  operationEnded,
  operationStarted,
  pageGone,
  pageRaised,
  paused,
  resumed,
} from '../../../src/expose/notify/event.ts';
import { alertsOf, webhookMessage } from '../../../src/expose/notify/messages.ts';
import { fullLastGasp } from '../support/full-backups.ts';
import { ended, fullCaretaking, slot } from '../support/full-caretaking.ts';

const sender = { cluster: 'prod', member: 'm1' };
const nameOf = (id: string): string => ({ '8e9e05c52164694d': 'm1', '91bc3c398fb3c146': 'm2' })[id] ?? id;
const atMs = Date.UTC(2026, 0, 2);

function page(): NotifyEvent {
  const decision = fullCaretaking.decisions.find((each) => each.page === true);
  if (decision === undefined) throw new Error('the fixture has a page');
  return pageRaised(decision, atMs, nameOf);
}

describe('an operation', () => {
  it('is an alert from its beginning to its end, and its outcome one for a while', () => {
    const [begun] = alertsOf(operationStarted(slot, nameOf), sender);
    expect(begun).toMatchObject({
      labels: {
        alertname: 'EtcdCaretakerOperation',
        severity: 'info',
        cluster: 'prod',
        operation: 'defrag',
        member: 'm1,m2',
      },
      annotations: {
        summary: 'defrag on m1, m2 has begun',
        description: 'm1 can give back 40 MiB (50 %)\nAsked for by token (ada@db1).',
      },
      startsAt: '2026-01-02T03:03:00.000Z',
    });
    const end = operationEnded({ ...ended, operation: 'defrag', targets: slot.targets }, nameOf);
    const [over, outcome] = alertsOf(end, sender);
    expect(over?.labels).toEqual(begun?.labels);
    expect(over).toMatchObject({ endsAt: '2026-01-02T02:00:04.000Z' });
    expect(outcome).toMatchObject({
      labels: { alertname: 'EtcdCaretakerOperationEnded', severity: 'critical', outcome: 'failed' },
      annotations: { summary: 'defrag on m1, m2 failed after 4.2 s: Etcd did not answer.' },
      endsAt: '2026-01-02T02:15:04.000Z',
    });
  });

  it('that was refused has never begun', () => {
    const alerts = alertsOf(operationEnded({ ...ended, outcome: 'refused' }, nameOf), sender);
    expect(alerts.map(({ labels }) => labels['alertname'])).toEqual(['EtcdCaretakerOperationEnded']);
  });

  it('survives times that no calendar has', () => {
    for (const startedAtMs of [Number.NaN, Number.POSITIVE_INFINITY, -1e300]) {
      expect(alertsOf(operationStarted({ ...slot, startedAtMs }, nameOf), sender)).toHaveLength(1);
    }
  });
});

describe('what a person has to look at', () => {
  it('has the same labels when it comes and when it goes', () => {
    const raised = page();
    expect(raised).toMatchObject({ name: 'breaker-opened', severity: 'critical', code: 'BREAKER_OPEN' });
    const gone = pageGone(raised, atMs + 1000);
    expect(gone.name).toBe('breaker-closed');
    const [opened] = alertsOf(raised, sender);
    const [closed] = alertsOf(gone, sender);
    expect(closed?.labels).toEqual(opened?.labels);
    expect(closed?.endsAt).toBe('2026-01-02T00:00:01.000Z');
    expect(opened?.endsAt).toBe('2026-01-02T00:15:00.000Z');
  });

  it('differs by its reason, but for a breaker', () => {
    const [alert] = alertsOf({ ...page(), name: 'page', code: 'NOSPACE_LIVE_DATA' }, sender);
    expect(alert?.labels).toMatchObject({ alertname: 'EtcdCaretakerPage', reason: 'NOSPACE_LIVE_DATA' });
  });
});

describe('a pause', () => {
  it('stands until it ends, by itself or by somebody', () => {
    const [begun] = alertsOf(paused({ reason: 'moving', by: 'ada', forMs: 7_200_000 }, atMs), sender);
    const [over] = alertsOf(resumed('bob', atMs + 1000), sender);
    expect(begun).toMatchObject({ labels: { severity: 'warning' }, endsAt: '2026-01-02T02:00:00.000Z' });
    expect(over?.labels).toEqual(begun?.labels);
  });
});

describe('a last gasp', () => {
  it('is an alert of its member, which says where it is or why there is none', () => {
    const { newest } = fullLastGasp;
    if (newest === undefined) throw new Error('the fixture has one');
    const [kept] = alertsOf(lastGaspKept(newest, 'm1', atMs), sender);
    expect(kept).toMatchObject({
      labels: { alertname: 'EtcdCaretakerLastGasp', severity: 'critical', cluster: 'prod', member: 'm1' },
      annotations: { summary: 'The quorum is lost; a snapshot of m1 is kept (revision 4710)' },
      endsAt: '2026-01-02T01:00:00.000Z',
    });
    expect(kept?.annotations['description']).toContain(newest.path);
    const error = new AgentError('LAST_GASP_NO_ROOM', 'There is no room.', { remedy: 'Make room.' });
    const [failed] = alertsOf(lastGaspFailed(error, 'm2', atMs), sender);
    expect(failed).toMatchObject({
      labels: { alertname: 'EtcdCaretakerLastGaspFailed', severity: 'critical', member: 'm2' },
      annotations: {
        summary: 'The quorum is lost, and nothing of m2 could be kept yet: There is no room.',
        description: 'Make room.\nIt is tried again.',
      },
    });
  });
});

describe('the message for a webhook', () => {
  it('is plain JSON with a version, an id of the delivery, and every field by its name', () => {
    expect(webhookMessage(operationEnded(ended, nameOf), sender, 'd-1')).toEqual({
      version: 1,
      event: 'operation-ended',
      deliveryId: 'd-1',
      at: '2026-01-02T02:00:04.000Z',
      cluster: 'prod',
      agent: 'm1',
      severity: 'critical',
      summary: 'compaction failed after 4.2 s: Etcd did not answer.',
      description: '12,000 revisions are older than 1 h',
      operation: 'compaction',
      members: [],
      id: 'op-6',
      outcome: 'failed',
      code: 'ETCD_TIMEOUT',
    });
  });
});
