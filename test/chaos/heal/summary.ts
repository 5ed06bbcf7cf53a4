import { catalogue } from './catalogue.ts';
import type { FaultResult } from './heal-run.ts';

/** A table in Markdown: every fault of the catalogue, how often it was brought about, and what came of it. */
export function summaryTable(
  results: readonly Pick<FaultResult, 'fault' | 'seconds' | 'longestGapSeconds' | 'problem'>[],
): string {
  const rows = catalogue.map(({ name, what }) => {
    const own = results.filter(({ fault }) => fault === name);
    const well = own.filter(({ problem }) => problem === undefined);
    const seconds = well.map((each) => each.seconds).toSorted((a, b) => a - b);
    const gaps = well.map((each) => each.longestGapSeconds);
    const figures = [middle(seconds), seconds.at(-1), gaps.length === 0 ? undefined : Math.max(...gaps)];
    return `| \`${name}\` | ${what} | ${own.length} | ${well.length} | ${figures.map(shown).join(' | ')} |`;
  });
  return [
    '| fault | what happens | times | well again | after, median s | after, longest s | longest time without a write, s |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function middle(sorted: readonly number[]): number | undefined {
  return sorted[Math.floor(sorted.length / 2)];
}

function shown(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(1);
}
