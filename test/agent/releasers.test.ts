import { describe, expect, it } from 'vitest';
import { Releasers } from '../../src/agent/releasers.ts';

describe('the stack of releasers', () => {
  it('releases in reverse order, and goes on past one that fails and one that hangs', async () => {
    const order: string[] = [];
    const faults: string[] = [];
    const releasers = new Releasers();
    releasers.push('first', () => {
      order.push('first');
    });
    releasers.push('failing', () => {
      throw new Error('no');
    });
    releasers.push('hanging', () => new Promise(() => {}));
    releasers.push('last', async () => {
      order.push('last');
    });
    await releasers.releaseAll({ timeoutMs: 20, onFault: (what) => faults.push(what) });
    expect(order).toEqual(['last', 'first']);
    expect(faults).toEqual(['hanging', 'failing']);
  });

  it('releases everything once', async () => {
    let released = 0;
    const releasers = new Releasers();
    releasers.push('it', () => {
      released += 1;
    });
    const options = { timeoutMs: 20, onFault: () => {} };
    await releasers.releaseAll(options);
    await releasers.releaseAll(options);
    expect(released).toBe(1);
  });
});
