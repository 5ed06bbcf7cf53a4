/** What is asked for: at most so much, or at least so much. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** A figure beside what is asked for, and whether it keeps it; one line. */
export function targetLine(name: string, value: number, unit: string, target: Target): string {
  const [sign, limit] = 'atMost' in target ? ['≤', target.atMost] : ['≥', target.atLeast];
  const kept = 'atMost' in target ? value <= limit : value >= limit;
  return `${name}: ${rounded(value)} ${unit} (target ${sign} ${rounded(limit)}): ${kept ? 'OK' : 'MISSED'}`;
}

/** The middle one of some figures. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 2 : 0 });
}
