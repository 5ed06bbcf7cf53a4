/**
 * The command lines of `ExecStart=` as the files of a unit say them, in the order in which systemd reads the files. They are taken
 * as they are written, quotes, variables and specifiers included: what `systemctl show` prints has lost its quotes. An empty
 * value forgets those before it (systemd.syntax(7), systemd.service(5)).
 */
export function execStartOf(files: readonly string[]): readonly string[] {
  let commands: string[] = [];
  for (const file of files) {
    let section = '';
    for (const line of logicalLines(file)) {
      section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
      const value = /^ExecStart\s*=\s*(.*)$/s.exec(line)?.[1];
      if (section !== 'Service' || value === undefined) continue;
      commands = value === '' ? [] : [...commands, value];
    }
  }
  return commands;
}

/** The program of a command line, behind the prefixes that change how it is run. Undefined where it cannot be told. */
export function programOf(command: string): { readonly path: string; readonly expands: boolean } | undefined {
  const [, prefixes = '', word] = /^([-@:+!|]*)\s*("[^"]+"|'[^']+'|\S+)/.exec(command) ?? [];
  if (word === undefined) return undefined;
  return { path: word.replace(/^(["'])(.*)\1$/, '$2'), expands: !prefixes.includes(':') };
}

/** A word as systemd reads it in a command line, whatever is in it. `expands`: variables are expanded there. */
export function quotedWord(word: string, expands: boolean): string {
  const literal = word.replaceAll('%', '%%');
  const text = expands ? literal.replaceAll('$', '$$$$') : literal;
  if (/^[\w./:=,@+%$[\]-]+$/.test(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** Lines without comments, those that a backslash continues joined; comments may stand between the pieces of one. */
function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (line.startsWith('#') || line.startsWith(';')) continue;
    const continued = line.endsWith('\\');
    const piece = continued ? line.slice(0, -1) : line;
    open = open === undefined ? piece : `${open} ${piece}`;
    if (continued) continue;
    lines.push(open.trim());
    open = undefined;
  }
  return open === undefined ? lines : [...lines, open.trim()];
}
