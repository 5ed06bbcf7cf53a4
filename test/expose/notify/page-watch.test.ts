import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/cluster/caretaking.ts';
import { PageWatch } from '../../../src/expose/notify/page-watch.ts';

function decision(policy: Decision['policy'], code: string, page = true): Decision {
  return { policy, decision: 'hold', reasons: [{ code, message: `${code}.` }], page };
}

function watch(): { pages: PageWatch; wait: (ms: number) => void; said: (...of: Decision[]) => unknown[] } {
  let nowMs = 0;
  const pages = new PageWatch(String, () => nowMs);
  return {
    pages,
    wait: (ms) => {
      nowMs += ms;
    },
    said: (...of) => pages.take(of, 1).map(({ name, code, repeated = false }) => [name, code, repeated]),
  };
}

describe('pages', () => {
  it('are told when they appear and when they go, and not in between', () => {
    const { said } = watch();
    const full = decision('nospace', 'NOSPACE_LIVE_DATA');
    expect(said(full, decision('defrag', 'CALM', false))).toEqual([['page', 'NOSPACE_LIVE_DATA', false]]);
    expect(said(full)).toEqual([]);
    expect(said()).toEqual([['page-resolved', 'NOSPACE_LIVE_DATA', false]]);
    expect(said()).toEqual([]);
  });

  it('are repeated while they stand, for receivers that would forget them', () => {
    const { said, wait } = watch();
    const full = decision('nospace', 'NOSPACE_LIVE_DATA');
    said(full);
    wait(299_999);
    expect(said(full)).toEqual([]);
    wait(1);
    expect(said(full)).toEqual([['page', 'NOSPACE_LIVE_DATA', true]]);
    expect(said()).toEqual([['page-resolved', 'NOSPACE_LIVE_DATA', false]]);
  });

  it('of another reason are others, and a breaker has a name of its own', () => {
    const { said } = watch();
    said(decision('defrag', 'KEY_UNREADABLE'));
    expect(said(decision('defrag', 'BREAKER_OPEN'))).toEqual([
      ['page-resolved', 'KEY_UNREADABLE', false],
      ['breaker-opened', 'BREAKER_OPEN', false],
    ]);
    expect(said()).toEqual([['breaker-closed', 'BREAKER_OPEN', false]]);
  });

  it('are not called off by who no longer leads', () => {
    const { said, pages } = watch();
    said(decision('defrag', 'BREAKER_OPEN'));
    pages.forget();
    expect(said()).toEqual([]);
  });
});
