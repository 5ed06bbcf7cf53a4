import type { CertificateFile } from './certificate-files.ts';

/** Etcd's start is known to a second or so, and its files may be written while it starts. */
const startToleranceMs = 5000;

/** What a CA file holds, compared with what it held when etcd started; `unknown` where this agent has not seen that. */
export type SinceStart = 'same' | 'other' | 'unknown';

interface Seen {
  readonly startedAtMs: number;
  /** What etcd has read; absent where nobody knows. */
  readonly read: string | undefined;
  /** What the file held when it was looked at last. */
  readonly last: string;
}

/**
 * Remembers what etcd's CA files held when it started: etcd reads them only then. The time of a file does not tell: whoever renews a certificate
 * often writes the same authorities beside it anew.
 */
export class AuthoritiesAtStart {
  readonly #seen = new Map<string, Seen>();

  /** To be told of each look at a file. */
  look(path: string, file: Pick<CertificateFile, 'certificates' | 'changedAtMs'>, startedAtMs: number): SinceStart {
    const now = contentOf(file);
    const before = this.#seen.get(path);
    const isSameStart = before !== undefined && Math.abs(before.startedAtMs - startedAtMs) <= startToleranceMs;
    const read = isSameStart ? before.read : readAt(startedAtMs, file, now, before);
    this.#seen.set(path, { startedAtMs, read, last: now });
    if (read === undefined) return 'unknown';
    return read === now ? 'same' : 'other';
  }
}

function readAt(
  startedAtMs: number,
  { changedAtMs }: Pick<CertificateFile, 'changedAtMs'>,
  now: string,
  before: Seen | undefined,
): string | undefined {
  if (changedAtMs <= startedAtMs + startToleranceMs) return now;
  // Written since, and it holds what it held before: so it did in between.
  return before?.last === now ? now : undefined;
}

function contentOf({ certificates }: Pick<CertificateFile, 'certificates'>): string {
  return certificates
    .map(({ fingerprint256 }) => fingerprint256)
    .toSorted()
    .join(' ');
}
