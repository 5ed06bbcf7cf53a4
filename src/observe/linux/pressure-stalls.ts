/** One line of a PSI file (Documentation/accounting/psi.rst). */
export interface Stall {
  /** `some`: at least one task waited; `full`: all that could have run did. */
  readonly kind: 'some' | 'full';
  readonly stalledSeconds: number;
  /** Share of the last 10 s, 0 to 1. */
  readonly avg10Ratio: number;
}

/** The lines of a PSI file; before Linux 5.13 that of the CPU has no `full`. */
export function parseStalls(text: string): readonly Stall[] {
  const stalls: Stall[] = [];
  for (const line of text.split('\n')) {
    const parsed = /^(some|full) avg10=([\d.]+) .*total=(\d+)$/.exec(line.trim());
    if (parsed === null) continue;
    const [, kind, percent, microseconds] = parsed;
    stalls.push({
      kind: kind === 'full' ? 'full' : 'some',
      stalledSeconds: Number(microseconds) / 1_000_000,
      // Hundredths of a percent, without the noise of a binary fraction.
      avg10Ratio: Math.round(Number(percent) * 100) / 10_000,
    });
  }
  return stalls;
}
