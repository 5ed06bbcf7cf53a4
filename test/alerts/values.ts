/**
 * Values of a series, one a minute, as `promtool` reads them. Written by spans: `3, 2m 1, 5m gone` is 3, from minute 2 on 1, and
 * from minute 5 on nothing. `100+60` begins at 100 and grows by 60 a minute; `+6` goes on from where it was by 6 a minute.
 * Throws for what it cannot read.
 */
export function promtoolValues(text: string, minutes: number): string {
  const spans = text.split(',').map(spanOf);
  let value = 0;
  const parts: string[] = [];
  for (const [index, span] of spans.entries()) {
    const count = (spans[index + 1]?.fromMinute ?? minutes + 1) - span.fromMinute;
    if (count <= 0) continue;
    if (span.gone) {
      // A scrape that fails, and a target that is gone, end its series at once.
      parts.push('stale', ...(count > 1 ? [`_x${count - 1}`] : []));
      continue;
    }
    value = span.from ?? value + span.perMinute;
    const sign = span.perMinute < 0 ? '-' : '+';
    parts.push(`${value}${sign}${Math.abs(span.perMinute)}x${count - 1}`);
    value += span.perMinute * (count - 1);
  }
  return parts.join(' ');
}

interface Span {
  readonly fromMinute: number;
  readonly gone: boolean;
  readonly from?: number;
  readonly perMinute: number;
}

function spanOf(text: string): Span {
  const match = /^\s*(?:(\d+)m\s+)?(?:(gone)|(-?[\d.e]+)?(?:([+-])([\d.e]+))?)\s*$/.exec(text);
  const [, minute = '0', gone, from, sign, slope] = match ?? [];
  if (match === null || (gone === undefined && from === undefined && slope === undefined)) {
    throw new Error(`"${text}" is no span of values`);
  }
  return {
    fromMinute: Number(minute),
    gone: gone !== undefined,
    ...(from === undefined ? {} : { from: Number(from) }),
    perMinute: slope === undefined ? 0 : Number(`${sign}${slope}`),
  };
}
