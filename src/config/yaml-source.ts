import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml';
import type { Origin } from './config.ts';
import type { Problem } from './config-error.ts';
import type { Entry, SourceReading } from './entries.ts';
import { joinPath, type Key, type KeyTable } from './keys.ts';
import { unknownKey } from './unknown-key.ts';

/** Reads one YAML document against the table of keys; holds where it is and what it has found so far. */
class YamlReading implements SourceReading {
  readonly entries: Entry[] = [];
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #table: KeyTable;
  readonly #lines: LineCounter;

  constructor(file: string, table: KeyTable, lines: LineCounter) {
    this.#file = file;
    this.#table = table;
    this.#lines = lines;
  }

  at(offset: number | undefined): Origin {
    return { file: this.#file, line: offset === undefined ? 1 : Math.max(1, this.#lines.linePos(offset).line) };
  }

  section(map: YAMLMap<unknown, unknown>, section: string): void {
    const seen = new Map<string, Origin>();
    for (const pair of map.items) {
      const origin = this.at(offsetOf(pair.key));
      const name = isScalar(pair.key) ? printable(String(pair.key.value)) : '?';
      const path = joinPath(section, name);
      const first = seen.get(path);
      seen.set(path, origin);
      if (first === undefined) this.#pair(pair, path, origin);
      else {
        const line = typeof first === 'object' && 'line' in first ? ` (first in line ${first.line})` : '';
        this.problems.push({ code: 'DUPLICATE_KEY', key: path, origin, message: `the key stands there twice${line}` });
      }
    }
  }

  #pair(pair: Pair<unknown, unknown>, path: string, origin: Origin): void {
    const key = this.#table.keys.get(path);
    const section = this.#table.sections.get(path);
    const node = pair.value;
    if (isAlias(node)) {
      const hint = 'write the value out';
      this.problems.push({ code: 'WRONG_VALUE', key: path, origin, message: 'aliases (*) are not accepted', hint });
    } else if (key !== undefined) this.#leaf(node, key, origin);
    else if (section === undefined || path === '') this.problems.push(unknownKey(path, origin, this.#table));
    else if (isMap(node)) this.section(node, path);
    // A section whose keys are all commented out is as good as absent.
    else if (node !== null && !(isScalar(node) && node.value === null)) {
      const message = 'it is a section: its keys stand below it, indented';
      const allowed = `in ${path}: ${section.names.join(', ')}`;
      this.problems.push({ code: 'WRONG_VALUE', key: path, origin, message, allowed });
    }
  }

  #leaf(node: unknown, key: Key, keyOrigin: Origin): void {
    const origin = this.at(offsetOf(node));
    const { path } = key;
    if (node === null || (isScalar(node) && node.value === null)) {
      const hint = 'leave the key out to get the default';
      const problem = { message: 'its value is empty', allowed: key.allowed, hint };
      this.problems.push({ code: 'WRONG_VALUE', key: path, origin: keyOrigin, ...problem });
    } else if (isScalar(node)) this.entries.push({ path, value: node.value, origin });
    else if (isSeq(node)) {
      const elementOrigins = node.items.map((item) => this.at(offsetOf(item)));
      const value = node.items.map((item) => (isScalar(item) ? item.value : undefined));
      this.entries.push({ path, value, origin: keyOrigin, elementOrigins });
    } else this.entries.push({ path, value: {}, origin: keyOrigin });
  }
}

/** A key's name as it may be shown: whatever is in a file by mistake must not reach the terminal as it is. */
function printable(name: string): string {
  return /^[ -~]{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80));
}

function offsetOf(node: unknown): number | undefined {
  const range = isScalar(node) || isSeq(node) || isMap(node) ? (node as Node).range : undefined;
  return range?.[0];
}

function failure(file: string, line: number, message: string, hint: string): SourceReading {
  return { entries: [], problems: [{ code: 'SYNTAX', origin: { file, line }, message, hint }] };
}

/**
 * Reads the text of a YAML file against the table of keys. An empty file sets nothing. Syntax errors name line and
 * column and never quote the text, which may hold a secret in a wrong place.
 */
export function readYaml(text: string, file: string, table: KeyTable): SourceReading {
  const lines = new LineCounter();
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    const options = { lineCounter: lines, uniqueKeys: false, prettyErrors: false, stringKeys: false } as const;
    documents = parseAllDocuments(text, { ...options, logLevel: 'silent' });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return failure(file, 1, 'the file is nested too deeply', 'is it the right file?');
  }
  const [document, second] = Array.isArray(documents) ? documents : [];
  const reading = new YamlReading(file, table, lines);
  if (document === undefined) return reading;
  if (second !== undefined) {
    const { line } = lines.linePos(second.range?.[0] ?? 0);
    return failure(file, line, 'the file holds more than one YAML document', 'keep one');
  }
  for (const error of [...document.errors, ...document.warnings]) {
    const { line, col } = lines.linePos(error.pos[0]);
    const hint = 'indent with spaces, and quote text that holds ": " or begins with a special character';
    const message = `this is not YAML (column ${col}, ${error.code})`;
    reading.problems.push({ code: 'SYNTAX', origin: { file, line }, message, hint });
  }
  if (reading.problems.length > 0) return reading;
  const root = document.contents;
  if (isMap(root)) reading.section(root, '');
  else if (root !== null && !(isScalar(root) && root.value === null)) {
    const { line } = lines.linePos(offsetOf(root) ?? 0);
    const what = isSeq(root) ? 'a list' : 'a single value';
    const hint = 'write `key: value` on each line';
    return failure(file, Math.max(1, line), `the file holds ${what}, where keys are expected`, hint);
  }
  return reading;
}
