import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { untilAborted } from '../../src/abort/until-aborted.ts';

const never = new Promise<never>(() => undefined);

test('it gives what the work gives, and holds on to the signal no longer', async () => {
  const { signal } = new AbortController();
  await expect(untilAborted(Promise.resolve(1), signal)).resolves.toBe(1);
  await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  await expect(untilAborted(Promise.resolve(2), undefined)).resolves.toBe(2);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('it ends with the reason of the signal', async () => {
  const caller = new AbortController();
  const waiting = untilAborted(never, caller.signal);
  caller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(untilAborted(never, caller.signal)).rejects.toThrow('enough');
});
