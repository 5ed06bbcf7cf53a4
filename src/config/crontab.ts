/** One of the five fields: what it is called, its bounds, and the names of its numbers from the lowest on. */
interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

/** The most days that each month can have. */
const mostDays: readonly number[] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** What is wrong with a crontab time of five fields, one sentence; undefined: it is one, and it comes. */
export function crontabProblem(text: string): string | undefined {
  const parts = text.trim().split(/\s+/);
  if (text.trim() === '' || parts.length !== fields.length) {
    return `its time has ${text.trim() === '' ? 0 : parts.length} fields, not 5 (minute, hour, day, month, day of the week)`;
  }
  const sets: (readonly number[])[] = [];
  for (const [index, field] of fields.entries()) {
    const set = numbersOf(parts[index] ?? '', field);
    if (typeof set === 'string') return set;
    sets.push(set);
  }
  const [, , days = [], months = []] = sets;
  const first = Math.min(...days);
  return months.some((month) => first <= (mostDays[month - 1] ?? 0)) ? undefined : `no such month has a day ${first}`;
}

/** The numbers that a field stands for, or what is wrong with it. */
function numbersOf(text: string, field: Field): readonly number[] | string {
  const all = new Set<number>();
  for (const item of text.split(',')) {
    const match = /^(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:\/([0-9]{1,3}))?$/i.exec(item);
    if (match === null) return `its ${field.name} "${item}" is not a number, a range, a step or *`;
    const [, low, high, stepText] = match;
    if (stepText !== undefined && low !== undefined && high === undefined) {
      return `its ${field.name} "${item}" has a step without a range`;
    }
    const from = low === undefined ? field.min : numberOf(low, field);
    const to = low === undefined ? field.max : high === undefined ? from : numberOf(high, field);
    if (typeof from === 'string') return from;
    if (typeof to === 'string') return to;
    if (from > to) return `its ${field.name} "${item}" ends before it begins`;
    const step = Number(stepText ?? 1);
    if (step === 0) return `its ${field.name} "${item}" has a step of 0`;
    for (let number = from; number <= to; number += step) all.add(number);
  }
  return [...all];
}

function numberOf(text: string, { name, min, max, names = [] }: Field): number | string {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + min;
  const number = /^[0-9]{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(number)) return `its ${name} "${text}" is not a number${names.length > 0 ? ' or a name' : ''}`;
  return number < min || number > max ? `its ${name} ${number} is not from ${min} to ${max}` : number;
}
