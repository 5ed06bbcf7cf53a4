import { type Line, lineOf, span } from './line.ts';

const rows: readonly (readonly [key: string, what: string])[] = [
  ['q, Ctrl-C', 'end'],
  ['p, blank', 'let the screen stand still, and go on'],
  ['tab', 'choose the table that the arrows sort: members or prefixes'],
  ['left, right', 'sort that table by something else'],
  ['d', 'show the prefixes at the next depth that the agent keeps'],
  ['?, h', 'this, and back'],
];

/** What the keys do, and how to read the screen. */
export function helpLines(): readonly Line[] {
  return [
    lineOf('KEYS', 'title'),
    ...rows.map(([key, what]): Line => [span(`  ${key.padEnd(12)}`, 'strong'), span(what)]),
    lineOf(''),
    lineOf('READING IT', 'title'),
    lineOf('  *            the member whose agent gives all this'),
    lineOf('  LAG          entries of the raft log that the member has yet to apply'),
    lineOf('  the graph    fsync p99 over the time that its heading says, one scale for all members'),
    lineOf('  RTT          the longest round trip to another member; "cut": that many do not answer it'),
    lineOf('  N more       lines or columns for which the terminal has no room'),
  ];
}
