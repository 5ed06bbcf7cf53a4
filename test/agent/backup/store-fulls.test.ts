import { describe, expect, test } from 'vitest';
import { StoreFulls } from '../../../src/agent/backup/store-fulls.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';

const known = (): StoreFulls => Object.assign(new StoreFulls(openStore('file:///nowhere')), { known: true });
const at = (lastRevision: bigint) => ({ lastRevision, startedAtMs: 0 });

describe('what the deltas of a store stand on', () => {
  test('is not known before it has answered, and then is nothing until there is a full snapshot', () => {
    expect(new StoreFulls(openStore('file:///nowhere')).cover).toBeUndefined();
    const state = known();
    expect(state.cover).toEqual({ full: undefined, lostFrom: undefined, wantingSinceMs: expect.any(Number) });
    state.remember(at(10n));
    expect(state.cover).toEqual({ full: 10n, lostFrom: undefined, wantingSinceMs: undefined });
    state.forget();
    expect(state.cover).toMatchObject({ full: undefined, wantingSinceMs: expect.any(Number) });
  });

  test('ends before the first of its holes until a full snapshot is behind them all', () => {
    const state = known();
    state.remember(at(10n));
    state.lose({ from: 5n, to: 10n });
    expect(state.cover).toMatchObject({ lostFrom: undefined });
    state.lose({ from: 20n, to: 29n });
    state.lose({ from: 40n, to: 49n });
    expect(state.cover).toMatchObject({ full: 10n, lostFrom: 20n, wantingSinceMs: expect.any(Number) });
    state.remember(at(30n));
    expect(state.cover).toMatchObject({ full: 30n, lostFrom: 20n });
    state.remember(at(49n));
    expect(state.cover).toEqual({ full: 49n, lostFrom: undefined, wantingSinceMs: undefined });
  });
});
