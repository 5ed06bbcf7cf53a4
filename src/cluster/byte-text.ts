const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Bytes with three significant digits and a binary unit: `1.50 GiB`, `812 B`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < binary.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value.toFixed(0) : threeDigits(value)} ${binary[unit]}`;
}

/** A ratio as percent: `0.61 %`, `97.2 %`. */
export function formatPercent(ratio: number): string {
  return `${threeDigits(ratio * 100)} %`;
}

/** A number with about three significant digits. */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
