import type { Problem } from './config-error.ts';
import type { Entry } from './entries.ts';
import type { Key } from './keys.ts';

/** A found value for a person: short, in one line, without what stands before an @ (a password in a URL). */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a group of keys';
  if (typeof value !== 'string') return String(value);
  const harmless = value.replace(/^([A-Za-z]+:\/\/)?.*@/s, '$1***@');
  return JSON.stringify(harmless.length > 80 ? `${harmless.slice(0, 77)}...` : harmless);
}

/** Codes of the issues whose messages are ours; the others say that the type is wrong, in zod's words. */
const ownCodes: ReadonlySet<string> = new Set(['custom', 'too_small', 'too_big', 'invalid_format']);

/** A value that fits its key, as the schema gives it; or what is wrong with it. */
export function checkEntry(entry: Entry, key: Key): { readonly value: unknown } | { readonly problems: Problem[] } {
  const result = key.schema.safeParse(entry.value);
  if (result.success) return { value: result.data };
  const problems = result.error.issues.map((issue): Problem => {
    const [index] = issue.path;
    const isElement = typeof index === 'number' && Array.isArray(entry.value);
    const value: unknown = isElement ? entry.value[index] : entry.value;
    return {
      code: 'WRONG_VALUE',
      key: isElement ? `${entry.path}[${index}]` : entry.path,
      origin: (isElement ? entry.elementOrigins?.[index] : undefined) ?? entry.origin,
      message: ownCodes.has(issue.code) ? issue.message : key.wrongType,
      ...(key.hidden || value === undefined ? {} : { found: show(value) }),
      allowed: key.allowed,
    };
  });
  return { problems };
}
