import type { Origin } from './config.ts';
import type { Problem } from './config-error.ts';
import { environmentName, environmentPrefix, joinPath, type KeyTable } from './keys.ts';

/** Number of single letters to change, insert, drop or swap with the next one to turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const steps = [at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (isSame ? 0 : 1)];
      if (row > 1 && column > 1 && isSwap) steps.push(at(row - 2, column - 2) + 1);
      current.push(Math.min(...steps));
    }
  }
  return at(a.length, b.length);
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}

/** The candidate that `name` was probably meant to be: a few slips away, or one the beginning of the other. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  // Names of people's keys are short; a very long one is no slip and would only cost time.
  if (name.length > 200) return undefined;
  const wanted = plain(name);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const other = plain(candidate);
    const isBeginning = wanted.length >= 4 && (other.startsWith(wanted) || wanted.startsWith(other));
    const distance = isBeginning ? Math.min(1, editDistance(wanted, other)) : editDistance(wanted, other);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function meant(path: string, table: KeyTable): string | undefined {
  const cut = path.lastIndexOf('.');
  const section = cut < 0 ? '' : path.slice(0, cut);
  const name = path.slice(cut + 1);
  const siblings = table.sections.get(section)?.names ?? [];
  const sibling = nearest(name, siblings);
  if (sibling !== undefined) return joinPath(section, sibling);
  const isNamed = (key: string) => plain(key.slice(key.lastIndexOf('.') + 1)) === plain(name);
  return [...table.keys.keys()].find(isNamed) ?? nearest(path, table.keys.keys());
}

/** The variable that an unknown one was probably meant to be, found by the path that it spells. */
export function nearestVariable(name: string, table: KeyTable): string | undefined {
  let section = '';
  for (const word of name.slice(environmentPrefix.length).split('__')) {
    const names = table.sections.get(section)?.names ?? [];
    section = joinPath(section, names.find((known) => plain(known) === plain(word)) ?? word.toLowerCase());
  }
  const suggestion = meant(section, table);
  return suggestion !== undefined && table.keys.has(suggestion) ? environmentName(suggestion) : undefined;
}

/** The problem of a key that does not exist. */
export function unknownKey(path: string, origin: Origin, table: KeyTable): Problem {
  // Only as far as the path is known does its section say what is allowed: `member.foo.bar` is wrong at `foo`.
  const names = path.split('.');
  let section = '';
  let depth = 0;
  while (depth < names.length - 1 && table.sections.has(joinPath(section, names[depth] ?? ''))) {
    section = joinPath(section, names[depth] ?? '');
    depth++;
  }
  const suggestion = meant(path, table);
  const hints = suggestion === undefined ? [] : [`did you mean ${suggestion}?`];
  if (/password|token|secret|passphrase/i.test(path)) {
    hints.push('secrets are never written here: name a file (cluster.auth.passwordFile, expose.auth.tokenFile)');
  }
  const allowed = (table.sections.get(section)?.names ?? []).join(', ');
  return {
    code: 'UNKNOWN_KEY',
    key: path,
    origin,
    message: 'there is no such key in this version',
    allowed: section === '' ? allowed : `in ${section}: ${allowed}`,
    ...(hints.length === 0 ? {} : { hint: hints.join(' ') }),
  };
}
