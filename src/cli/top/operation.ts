import type { NameOf } from '../member-names.ts';
import { ago } from './figures.ts';
import type { Glyphs } from './glyphs.ts';
import { type Line, lineOf, span } from './line.ts';
import { given, type Parts } from './parts.ts';
import type { Section } from './section.ts';

/** Says members by the names that the status has. */
export function nameIn({ status }: Parts): NameOf {
  return (id) => status?.members.find((member) => member.id === id)?.name || id;
}

/** The operation under way with its steps, the newest first, and what waits; undefined where there is neither. */
export function operationSection(parts: Parts, nowMs: number, { arrow }: Glyphs): Section | undefined {
  const { slot, requests = [] } = given(parts.operations) ?? {};
  const nameOf = nameIn(parts);
  const waiting = requests.map(({ operation, target, by, atMs }): Line => {
    const on = target === undefined ? '' : ` on ${nameOf(target)}`;
    return lineOf(`  waits: ${operation}${on}, asked for by ${by} ${ago(Number(atMs), nowMs)} ago`);
  });
  if (slot === undefined) {
    return waiting.length === 0 ? undefined : section(lineOf('OPERATIONS', 'title'), waiting);
  }
  const { operation, targets, startedAtMs, holder, requestedBy, steps, phase, phaseAtMs, reasons } = slot;
  const on = targets.length === 0 ? '' : ` on ${targets.map(nameOf).join(', ')}`;
  const asked = requestedBy === undefined ? '' : `, asked for by ${requestedBy}`;
  const heading: Line = [
    span('OPERATION ', 'title'),
    span(`${operation}${on}`, 'strong'),
    span(`, for ${ago(Number(startedAtMs), nowMs)}, by the agent beside ${nameOf(holder)}${asked}`),
  ];
  const made = steps.toReversed().map(({ name, memberId, atMs, detail }, index): Line => {
    const member = memberId === undefined ? '' : ` ${nameOf(memberId)}`;
    const more = detail === undefined ? '' : `: ${detail}`;
    const since = ago(Number(atMs), nowMs);
    return index === 0
      ? lineOf(`  ${arrow} ${name}${member}, for ${since}${more}`, 'strong')
      : lineOf(`    ${name}${member}, ${since} ago${more}`, 'dim');
  });
  const first =
    made.length === 0 ? [lineOf(`  ${arrow} ${phase}, for ${ago(Number(phaseAtMs), nowMs)}`, 'strong')] : made;
  return section(heading, [...first, ...waiting, ...reasons.map((reason) => lineOf(`    because ${reason}`, 'dim'))]);
}

function section(heading: Line, lines: readonly Line[]): Section {
  return { name: 'operation', heading, groups: lines.map((line) => [line]), least: 1, priority: 4 };
}
