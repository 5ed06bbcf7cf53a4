/** What to restore to. */
export type RestorePoint =
  | { readonly kind: 'latest' }
  | { readonly kind: 'time'; readonly atMs: number }
  /** Decimal text. */
  | { readonly kind: 'revision'; readonly revision: string };

/** Pure: the command of a store with the point in the place of its `{time}`. */
export function restoreCommand(command: string, point: RestorePoint): string {
  const option = /--to-time[ =](["']?)\{time\}\1/;
  switch (point.kind) {
    case 'time':
      return command.replaceAll('{time}', restoreTime(point.atMs));
    case 'latest':
      return command.replace(option, '--to latest');
    case 'revision':
      return command.replace(option, `--to-revision ${point.revision}`);
  }
}

/** `2026-01-01T12:00:03Z`. */
function restoreTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
