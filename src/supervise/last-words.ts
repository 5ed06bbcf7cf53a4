/** Messages below the level `fatal` after which etcd ends all the same. */
const endingMessages = new Set(['server error', 'failed to verify flags', 'received signal; shutting down']);

/** What etcd and the Go runtime print as text when they end. */
const endingText =
  /^(panic: |fatal error: |unexpected fault address |flag provided but not defined: |invalid (boolean )?value ".*" for |'.*' is not a valid flag)/;

/** Those lines of etcd's log that speak of its end, in their order, as `message: error`. */
export function lastWords(log: string): readonly string[] {
  return log.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return endingText.test(line) ? [line] : [];
    const { level, msg, error } = fieldsOf(line);
    const isLast = level === 'fatal' || level === 'panic' || endingMessages.has(msg);
    return isLast ? [error === '' ? msg : `${msg}: ${error}`] : [];
  });
}

function fieldsOf(line: string): { readonly level: string; readonly msg: string; readonly error: string } {
  try {
    const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return { level: text(fields['level']), msg: text(fields['msg']), error: text(fields['error']) };
  } catch {
    // The first line of a tail may lack its beginning.
    return { level: '', msg: '', error: '' };
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
