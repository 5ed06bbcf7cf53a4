const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes with three significant digits and a binary unit: `1.50 GiB`, `812 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < binary.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value.toFixed(0) : digits(value)} ${binary[unit]}`;
}

/** A latency: `0.31 ms`, `12.4 ms`, `1.20 s`. */
export function formatLatency(seconds: number): string {
  return seconds < 1 ? `${digits(seconds * 1000)} ms` : `${digits(seconds)} s`;
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

/** A ratio as percent: `0.61 %`, `97.2 %`. */
export function formatPercent(ratio: number): string {
  return `${digits(ratio * 100)} %`;
}

/** A whole number with its thousands apart: `12,400`. */
export function formatCount(count: number | bigint): string {
  // Not by Intl: to read its tables takes 10 ms of every start.
  const digitsOf = String(typeof count === 'bigint' ? count : Math.round(count));
  return digitsOf.replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
