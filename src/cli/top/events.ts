import { dayOrClock } from './figures.ts';
import { type Line, lineOf, type Style, span } from './line.ts';
import { nameIn } from './operation.ts';
import { given, type Parts } from './parts.ts';
import type { Section } from './section.ts';

/** Something that has happened. */
interface Event {
  readonly atMs: number;
  readonly line: Line;
}

const outcomeStyles: Readonly<Record<string, Style>> = {
  succeeded: 'good',
  stopped: 'warn',
  failed: 'bad',
  refused: 'warn',
};

/** The last operations and changes, newest first; undefined where there were none. */
export function eventsSection(parts: Parts, nowMs: number): Section | undefined {
  const operations = given(parts.operations)?.history;
  const nameOf = nameIn(parts);
  const events: readonly Event[] = [
    ...(operations ?? []).map(({ endedAtMs, operation, outcome, targets, summary }): Event => {
      const on = targets.length === 0 ? '' : ` ${targets.map(nameOf).join(', ')}`;
      return {
        atMs: Number(endedAtMs),
        line: [span(`${operation}${on} `), span(outcome, outcomeStyles[outcome] ?? 'plain'), span(`: ${summary}`)],
      };
    }),
    ...(parts.changes ?? [])
      // A pause stands among the operations already, where they can be had.
      .filter(({ kind }) => operations === undefined || (kind !== 'paused' && kind !== 'resumed'))
      .map(({ at, by, message }): Event => {
        return { atMs: Date.parse(at), line: [span(by === 'others' ? 'by others: ' : '', 'warn'), span(message)] };
      }),
  ].toSorted((a, b) => b.atMs - a.atMs);
  if (events.length === 0) return undefined;
  const times = events.map(({ atMs }) => dayOrClock(atMs, nowMs));
  const width = Math.max(...times.map(({ length }) => length));
  return {
    name: 'last events',
    heading: lineOf('LAST EVENTS (UTC)', 'title'),
    groups: events.map(({ line }, index) => [[span(`  ${times[index]?.padEnd(width)}  `, 'dim'), ...line]]),
    least: 1,
    priority: 7,
  };
}
