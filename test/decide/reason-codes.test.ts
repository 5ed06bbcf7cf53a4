import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isMotive, passes, reasonCodes } from '../../src/decide/reason-codes.ts';

const src = fileURLToPath(new URL('../../src/', import.meta.url));
const textOf = (folder: string, start = '') =>
  readdirSync(join(src, folder))
    .filter((name) => name.startsWith(start) && name.endsWith('.ts') && !name.endsWith('reason-codes.ts'))
    .map((name) => readFileSync(join(src, folder, name), 'utf8'))
    .join('\n');

describe('the codes of reasons', () => {
  it('have a sentence each', () => {
    for (const [code, { sentence }] of Object.entries(reasonCodes)) {
      expect(code).toMatch(/^[A-Z][A-Z_]+$/);
      expect(sentence).toMatch(/\.$/);
    }
  });

  it('are all given somewhere', () => {
    const given = `${textOf('decide')}\n${textOf('cluster')}\n${textOf('lead')}`;
    expect(Object.keys(reasonCodes).filter((code) => !given.includes(`'${code}'`))).toEqual([]);
  });

  it('have those of foreign signs among them', () => {
    const foreign = [...textOf('cluster', 'foreign-').matchAll(/code: '(FOREIGN_[A-Z_]+)'/g)].map(([, code]) => code);
    expect(foreign.length).toBeGreaterThan(5);
    expect(foreign.filter((code) => !Object.hasOwn(reasonCodes, code ?? ''))).toEqual([]);
  });

  it('say whether they go by themselves, and whether they speak for acting', () => {
    expect([passes('SLOT_BUSY'), passes('PAUSED'), passes('toString')]).toEqual([true, false, false]);
    expect([isMotive('HISTORY_DUE'), isMotive('NO_ALARM'), isMotive('')]).toEqual([true, false, false]);
  });
});
