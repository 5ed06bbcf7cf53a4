import type { Fault } from '../../cluster/observation.ts';
import type { Finding } from '../../cluster/sections.ts';
import type { Facts } from './facts.ts';

/** How a line came out. `skipped`: it could not be checked, or there is nothing to check. */
export type LineStatus = 'ok' | 'info' | 'warning' | 'critical' | 'skipped';

/** One thing that was looked at. */
export interface Line {
  readonly status: LineStatus;
  /** Stable, for programs; a finding always has one. */
  readonly code?: string;
  /** What was found, with its numbers. */
  readonly message: string;
  /** What to do; a finding always has one. */
  readonly remedy?: string;
}

/** The checks of one subject: a pure function of what was gathered. */
export interface Check {
  /** A short word, the first column of the output. */
  readonly group: string;
  readonly examine: (facts: Facts) => readonly Line[];
}

/** A thing that is as it should be. */
export function ok(message: string): Line {
  return { status: 'ok', message };
}

/** A thing that could not be looked at, and why. */
export function skipped(message: string): Line {
  return { status: 'skipped', message };
}

/** Something that a person should know, as a line. */
export function found({ severity, ...rest }: Finding): Line {
  return { status: severity, ...rest };
}

/** A thing that a collector could not read, as a line that is no finding by itself: what etcd refused, `reach` tells. */
export function unread(fault: Fault | undefined): Line {
  if (fault?.code.startsWith('ETCD_') === true) return skipped('not checked: etcd did not answer, see above');
  return skipped(`not checked: ${fault?.message ?? 'it was not observed'}`);
}

/** The lines, or where there are none the one that says that all is well. */
export function orOk(lines: readonly Line[], message: string): readonly Line[] {
  return lines.length === 0 ? [ok(message)] : lines;
}
