import { expect, test } from 'vitest';
import { eventBody } from '../../../src/supervise/statefulset/kube-event.ts';

const event = {
  id: 'op-1',
  involved: { kind: 'Pod', name: 'etcd-1', uid: 'u' },
  reason: 'ReplaceStarted',
  message: 'it has begun',
  type: 'Normal',
  atMs: Date.UTC(2026, 10, 30, 20, 0, 1, 500),
} as const;
const place = { namespace: 'ns', host: 'etcd-0' };

test('an event is as core/v1 has it, with a name of its own for each thing, object and reason', () => {
  expect(eventBody(event, place)).toEqual({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: expect.stringMatching(/^etcd-1\.[0-9a-f]{16}$/), namespace: 'ns' },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'etcd-1', uid: 'u', namespace: 'ns' },
    reason: 'ReplaceStarted',
    message: 'it has begun',
    type: 'Normal',
    firstTimestamp: '2026-11-30T20:00:01Z',
    lastTimestamp: '2026-11-30T20:00:01Z',
    count: 1,
    source: { component: 'etcd-caretaker', host: 'etcd-0' },
    reportingComponent: 'etcd-caretaker',
    reportingInstance: 'etcd-0',
  });
  const nameOf = (more: Partial<typeof event> | object): unknown =>
    Reflect.get(Reflect.get(eventBody({ ...event, ...more }, place), 'metadata'), 'name');
  const names = [{}, { id: 'op-2' }, { reason: 'Other' }, { involved: { ...event.involved, uid: 'v' } }].map(nameOf);
  expect(new Set(names).size).toBe(4);
  expect(nameOf({ atMs: 0, message: 'the same, said by another agent' })).toBe(names[0]);
});

test('a message that is too long for the API is cut between characters', () => {
  const said = (message: string): string => Reflect.get(eventBody({ ...event, message }, place), 'message');
  expect(said('ä'.repeat(512))).toBe('ä'.repeat(512));
  for (const message of ['ä'.repeat(513), `x${'ä'.repeat(513)}`, '💥'.repeat(400), 'x'.repeat(2000)]) {
    const cut = said(message);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(1016);
    expect(cut.endsWith('…')).toBe(true);
    expect(message.startsWith(cut.slice(0, -1))).toBe(true);
  }
});
