import { afterEach, describe, expect, it, vi } from 'vitest';
import { stored } from '../../../src/ui/words/stored.ts';

afterEach(() => vi.unstubAllGlobals());

describe('what a page keeps in the browser', () => {
  it('is there for who comes later, and gone when it is forgotten', () => {
    const items = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, text: string) => items.set(key, text),
      removeItem: (key: string) => items.delete(key),
    });
    stored('localStorage', 'k').set('light');
    const later = stored('localStorage', 'k');
    expect(later.get()).toBe('light');
    later.set(undefined);
    expect(later.get()).toBeUndefined();
  });

  it('is kept by the page alone where the browser forbids it', () => {
    const forbidden = (): never => {
      throw new DOMException('denied', 'SecurityError');
    };
    vi.stubGlobal('sessionStorage', { getItem: forbidden, setItem: forbidden, removeItem: forbidden });
    const token = stored('sessionStorage', 'k');
    expect(token.get()).toBeUndefined();
    token.set('t');
    expect(token.get()).toBe('t');
    token.set(undefined);
    expect(token.get()).toBeUndefined();
  });
});
