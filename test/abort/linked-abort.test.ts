import { getEventListeners, once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { linkedAbort, within } from '../../src/abort/linked-abort.ts';

describe('a linked abort', () => {
  it('follows any of its parents, with the reason of that one', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const link = linkedAbort([first.signal, undefined, second.signal]);
    second.abort(new Error('enough'));
    expect(link.signal.aborted).toBe(true);
    expect(link.signal.reason).toMatchObject({ message: 'enough' });
  });

  it('is aborted from the start when a parent is', () => {
    const link = linkedAbort([AbortSignal.abort('gone')], 1000);
    expect(link.signal.reason).toBe('gone');
  });

  it('ends with a TimeoutError after its time', async () => {
    const link = linkedAbort([], 5);
    await once(link.signal, 'abort');
    expect(link.signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('leaves nothing on a parent that lives on, however often it is used', async () => {
    const parent = new AbortController();
    for (let i = 0; i < 100; i += 1) {
      await within([parent.signal], 1000, async (signal) => signal.aborted);
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('lets go also when the work fails', async () => {
    const parent = new AbortController();
    await expect(within([parent.signal], 1000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('does not follow a parent any more once it is released', () => {
    const parent = new AbortController();
    const link = linkedAbort([parent.signal]);
    link.release();
    parent.abort();
    expect(link.signal.aborted).toBe(false);
  });
});
