import { exitCodes } from '../exit-codes.ts';
import type { Check, Line, LineStatus } from './check.ts';
import { type Facts, isReached } from './facts.ts';

/** What the doctor has to say: `-o json` and `-o yaml` print exactly this. */
export interface Report {
  readonly checkedAt: string;
  readonly agentVersion: string;
  readonly member: string;
  readonly endpoint: string;
  /** Whether any member answered. */
  readonly reached: boolean;
  readonly summary: { readonly [K in LineStatus]: number };
  readonly lines: readonly (Line & { readonly group: string })[];
}

/** Errors of the own files: nothing was even tried. */
const usageCodes: ReadonlySet<string> = new Set([
  'ETCD_CERT_UNREADABLE',
  'ETCD_PASSWORD_UNREADABLE',
  'ETCD_BAD_ENDPOINT',
]);

/** All checks on what was gathered. A check that throws says so in a line of its own and stops no other. */
export function reportOf(facts: Facts, checks: readonly Check[]): Report {
  const lines = checks.flatMap(({ group, examine }) =>
    examineSafely(examine, facts).map((line) => ({ group, ...line })),
  );
  const count = (status: LineStatus): number => lines.filter((line) => line.status === status).length;
  return {
    checkedAt: new Date(facts.nowMs).toISOString(),
    agentVersion: facts.observation.agentVersion,
    member: facts.member,
    endpoint: facts.endpoint,
    reached: isReached(facts),
    summary: {
      ok: count('ok'),
      info: count('info'),
      warning: count('warning'),
      critical: count('critical'),
      skipped: count('skipped'),
    },
    lines,
  };
}

function examineSafely(examine: Check['examine'], facts: Facts): readonly Line[] {
  try {
    return examine(facts);
  } catch (error) {
    const message = `A check of the doctor itself failed: ${error instanceof Error ? error.message : String(error)}`;
    return [
      { status: 'warning', code: 'CHECK_FAILED', message, remedy: 'Report it, with the archive of doctor --bundle.' },
    ];
  }
}

/**
 * 0 when nothing is wrong (notes are no fault), 1 for a warning or worse, 3 when no member could be reached, and 2 when
 * the reason for that is a certificate, key or password file of our own that cannot be used.
 */
export function exitCodeOfReport({ reached, lines, summary }: Report): number {
  if (!reached) {
    const isOurs = lines.some(({ code }) => code !== undefined && usageCodes.has(code));
    return isOurs ? exitCodes.usage : exitCodes.unreachable;
  }
  return summary.critical + summary.warning > 0 ? exitCodes.fault : exitCodes.fine;
}
