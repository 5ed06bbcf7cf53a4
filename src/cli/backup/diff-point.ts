import { InvalidArgumentError } from 'commander';
import type { DiffPoint } from '../../backup/compare/diff.ts';
import { parseRevision, parseTime } from '../restore/point.ts';

/** A point of a store: a revision, a time, how long ago, or `latest`. */
export function parsePoint(text: string): DiffPoint {
  if (text === 'latest') return { kind: 'latest' };
  if (/^\d+$/.test(text)) return { kind: 'revision', revision: parseRevision(text) };
  try {
    return { kind: 'time', atMs: parseTime(text) };
  } catch {
    throw new InvalidArgumentError(
      'Expected a revision, a time with its zone such as 2026-01-31T12:00:00Z, how long ago such as 5m, or latest.',
    );
  }
}
