import { threeDigits } from '../cluster/byte-text.ts';

export { formatBytes, formatPercent } from '../cluster/byte-text.ts';

/** A latency: `0.31 ms`, `12.4 ms`, `1.20 s`. */
export function formatLatency(seconds: number): string {
  return seconds < 1 ? `${threeDigits(seconds * 1000)} ms` : `${threeDigits(seconds)} s`;
}

const spans = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** A span of time in its two largest units: `3 d 4 h`, `12 min`, `0 s`. */
export function formatSpan(seconds: number): string {
  let rest = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, size] of spans) {
    const count = Math.floor(rest / size);
    if (count > 0) {
      parts.push(`${count} ${unit}`);
    } else if (parts.length > 0) {
      break;
    }
    rest -= count * size;
  }
  return parts.length === 0 ? '0 s' : parts.slice(0, 2).join(' ');
}

/** A whole number with its thousands apart: `12,400`. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US');
}
