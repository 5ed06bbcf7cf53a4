import type { LineStatus } from './check.ts';
import type { Report } from './report.ts';

/** Colours a text; without colour it gives it back as it is. */
export type Paint = (status: LineStatus, text: string) => string;

const marks: Readonly<Record<LineStatus, string>> = {
  ok: 'ok',
  info: 'note',
  warning: 'WARN',
  critical: 'FAIL',
  skipped: '-',
};

/** The report for reading: one line for each thing that was looked at, what to do below it, and a sum at the end. */
export function reportText(report: Report, paint: Paint = (_status, text) => text): string {
  const markWidth = Math.max(...Object.values(marks).map(({ length }) => length));
  const groupWidth = Math.max(0, ...report.lines.map(({ group }) => group.length));
  const indent = ' '.repeat(markWidth + groupWidth + 4);
  const lines = report.lines.flatMap(({ status, group, message, remedy, code }) => {
    const mark = paint(status, marks[status].padEnd(markWidth));
    const name = code === undefined ? '' : ` (${code})`;
    const first = `${mark}  ${group.padEnd(groupWidth)}  ${message}${name}`;
    return remedy === undefined ? [first] : [first, `${indent}to do: ${remedy}`];
  });
  return `${lines.join('\n')}\n\n${sum(report, paint)}\n`;
}

function sum({ reached, summary, endpoint }: Report, paint: Paint): string {
  const { critical, warning, info, ok, skipped } = summary;
  if (!reached) {
    return paint('critical', `Etcd could not be reached: no member answered, asked at ${endpoint}.`);
  }
  const rest = `${count(info, 'note')}, ${ok} ok, ${skipped} not checked`;
  if (critical + warning === 0) return `${paint('ok', 'Nothing is wrong')}: ${rest}.`;
  const worst = critical > 0 ? 'critical' : 'warning';
  const faults = [
    ...(critical > 0 ? [`${critical} critical`] : []),
    ...(warning > 0 ? [count(warning, 'warning')] : []),
  ];
  return `${paint(worst, faults.join(', '))}, ${rest}.`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
