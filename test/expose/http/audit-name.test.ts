import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditName } from '../../../src/expose/http/audit-name.ts';

describe('the name in the history', () => {
  it.each([
    ['token', undefined, 'token'],
    ['token', '', 'token'],
    ['token', 'ada@db1', 'token (ada@db1)'],
    ['certificate ops', 'ada', 'certificate ops (ada)'],
    ['token', 'ada\r\n2026-01-01 root did it', 'token (ada 2026-01-01 root did it)'],
    ['token', '\u001b[31mada\u202egnp', 'token ( [31mada gnp)'],
  ])('of %j that says %j is %j', (shown, claimed, name) => {
    expect(auditName(shown, claimed)).toBe(name.replace('( ', '('));
  });

  it('is one line of at most 100 characters that ends its bracket, whatever is claimed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (claimed) => {
        const name = auditName('token', claimed);
        expect([...name].length).toBeLessThanOrEqual(100);
        expect(name).toMatch(/^token(?: \(.+\))?$/u);
        expect(name).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
    );
  });
});
