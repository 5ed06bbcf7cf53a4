import { InvalidArgumentError } from 'commander';
import type { RestoreTarget } from '../../backup/restore/target.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import { parseDurationMs } from '../../config/duration.ts';

/** Of a restore, as the command line says it. */
export interface PointFlags {
  readonly to?: 'latest';
  readonly toRevision?: bigint;
  readonly toTime?: number;
  readonly beforeDelete?: string;
}

/** The point that the flags name; `latest` where they name none. Throws `USAGE` where they name several. */
export function pointOf({ to, toRevision, toTime, beforeDelete }: PointFlags): RestoreTarget {
  const named: RestoreTarget[] = [
    ...(to === undefined ? [] : [{ kind: 'latest' } as const]),
    ...(toRevision === undefined ? [] : [{ kind: 'revision', revision: toRevision } as const]),
    ...(toTime === undefined ? [] : [{ kind: 'time', atMs: toTime } as const]),
    ...(beforeDelete === undefined ? [] : [{ kind: 'before-delete', key: Buffer.from(beforeDelete) } as const]),
  ];
  const [first = { kind: 'latest' }, second] = named;
  if (second !== undefined) {
    throw new AgentError('USAGE', 'It can be restored to one point only.', {
      remedy: 'Give one of --to, --to-revision, --to-time and --before-delete.',
    });
  }
  return first;
}

/** A revision as etcd counts them. */
export function parseRevision(text: string): bigint {
  if (!/^[1-9]\d{0,18}$/.test(text)) throw new InvalidArgumentError('Expected a revision: a whole number from 1 on.');
  return BigInt(text);
}

/** A time in ms since 1970: with its zone as ISO 8601 has it, or how long ago it is (`5m`). */
export function parseTime(text: string, nowMs = Date.now()): number {
  const ago = parseDurationMs(text.replace(/ ago$/, ''));
  if (!('problem' in ago)) return nowMs - ago.value;
  const isTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text);
  const ms = isTime ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      'Expected a time with its zone, such as 2026-01-31T12:00:00Z, or how long ago, such as 5m.',
    );
  }
  return ms;
}
