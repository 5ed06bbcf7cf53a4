/** A table as Markdown has it. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Milliseconds for people; a dash where there is no figure. */
export function ms(value: number): string {
  if (!Number.isFinite(value)) {
    return '-';
  }
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value).toLocaleString('en-US')} ms`;
}

/** A count or a ratio; a dash where it was not measured. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) {
    return '-';
  }
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}

/** Whether a figure keeps what is asked for; one that is not finite was not measured. */
export function verdict(value: number, most: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(most)) {
    return 'not measured';
  }
  return value <= most ? 'met' : 'MISSED';
}
