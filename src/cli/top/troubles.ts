import { type CauseName, causeNames } from '../../cluster/diagnosis.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { MemberBrief, MemberSight } from '../../expose/live/words.ts';
import type { Status } from '../../expose/status.ts';
import { ago } from './figures.ts';
import { type Line, lineOf, type Style, span } from './line.ts';
import type { Parts } from './parts.ts';
import type { Section } from './section.ts';

/** Causes up to this one stop a member; those after it slow it down, or will. */
const LAST_THAT_STOPS: CauseName = 'member-unreachable';

const levels = ['critical', 'warning', 'info'] as const;

/** Something that is wrong: how grave it is, and its lines. */
interface Trouble {
  readonly level: (typeof levels)[number];
  readonly lines: readonly Line[];
}

type Cause = AsJson<MemberBrief>['causes'][number];

/** What is wrong and what to do first, the gravest first; undefined where nothing is. */
export function troublesSection({ status, members = [] }: Parts, nowMs: number): Section | undefined {
  const troubles = [
    ...causesOf(members).map((cause) => causeTrouble(cause, nowMs)),
    ...(status?.findings ?? []).map(({ severity, message, remedy }) => troubleOf(severity, message, remedy)),
    ...members.flatMap((sight) => silentTrouble(sight, nowMs)),
    ...unseen(status),
  ].toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
  if (troubles.length === 0) return undefined;
  return {
    name: 'findings',
    heading: lineOf('FINDINGS', 'title'),
    groups: troubles.map(({ lines }) => lines),
    least: 1,
    // What is critical goes before everything.
    priority: troubles[0]?.level === 'critical' ? 1 : 3,
  };
}

/** What several agents found is said once; those that answer, that is: what was found before may be over. */
function causesOf(members: readonly AsJson<MemberSight>[]): readonly Cause[] {
  const found = new Map<string, Cause>();
  for (const { brief, silentSince } of members) {
    for (const cause of silentSince === undefined ? (brief?.causes ?? []) : []) {
      const key = `${cause.verdict} ${cause.member ?? ''}`;
      if (!found.has(key)) found.set(key, cause);
    }
  }
  return [...found.values()].sort((a, b) => causeNames.indexOf(a.verdict) - causeNames.indexOf(b.verdict));
}

function causeTrouble({ verdict, member, confidence, since, evidence, firstStep }: Cause, nowMs: number): Trouble {
  const stops = causeNames.indexOf(verdict) <= causeNames.indexOf(LAST_THAT_STOPS);
  const whom = member === undefined ? '' : `${member} `;
  const what = `${whom}${verdict} (${confidence}, ${ago(Date.parse(since), nowMs)}): ${evidence.join('; ')}`;
  return troubleOf(stops ? 'critical' : 'warning', what, firstStep);
}

function silentTrouble({ member, silentSince, fault }: AsJson<MemberSight>, nowMs: number): readonly Trouble[] {
  if (silentSince === undefined) {
    return fault === undefined ? [] : [troubleOf('warning', `${member}: ${fault.message}`, fault.remedy)];
  }
  const why = fault === undefined ? '' : `: ${fault.message}`;
  return [
    troubleOf(
      'warning',
      `the agent beside ${member} is silent for ${ago(Date.parse(silentSince), nowMs)}${why}`,
      fault?.remedy,
    ),
  ];
}

function unseen(status: AsJson<Status> | undefined): readonly Trouble[] {
  return (status?.faults ?? []).map(({ collector, message, remedy }) =>
    troubleOf('info', `not seen, ${collector}: ${message}`, remedy),
  );
}

const styles: Readonly<Record<Trouble['level'], Style>> = { critical: 'bad', warning: 'warn', info: 'plain' };

function troubleOf(level: Trouble['level'], what: string, toDo: string | undefined): Trouble {
  const first: Line = [span(`  ${level.padEnd(8)}  `, styles[level]), span(what)];
  return { level, lines: toDo === undefined ? [first] : [first, lineOf(`            to do: ${toDo}`, 'dim')] };
}
