/**
 * JSON of an observation. JSON has no 64-bit integers and no infinity: a bigint becomes its decimal text, and a number
 * that is not finite becomes `"+Inf"`, `"-Inf"` or `"NaN"`, as the metrics have it.
 */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, plain)}\n`;
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value.toString();
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  }
  return value;
}
