import type { Origin } from './config.ts';
import type { Problem } from './config-error.ts';
import type { Entry, SourceReading } from './entries.ts';
import { environmentPrefix, type Key, type KeyTable } from './keys.ts';
import { nearestVariable, unknownKey } from './unknown-key.ts';

/** Variables with our prefix that are no keys: the commands read them. */
const commandVariables: ReadonlySet<string> = new Set([
  'ETCD_CARETAKER_AGENT',
  'ETCD_CARETAKER_STORE',
  'ETCD_CARETAKER_TOKEN',
  'ETCD_CARETAKER_TOKEN_FILE',
]);

/**
 * What Kubernetes puts into every container of a namespace that has a service named `etcd-caretaker` or
 * `etcd-caretaker-…` (service links): nobody's configuration.
 */
const serviceLink =
  /^ETCD_CARETAKER_(?:[A-Z0-9]+_)*(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9]+)*|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/** A value that was written as text, in the form that the key has in YAML. Wrong text stays text, and is refused later. */
function fromText(text: string, key: Key): unknown {
  if (key.form === 'list') return text.split(key.separator).map((element) => element.trim());
  if (key.form === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (key.form === 'number' && /^-?[0-9]{1,15}(?:\.[0-9]{1,15})?$/.test(text)) return Number(text);
  return text;
}

function emptyValue(key: Key, origin: Origin): Problem {
  const hint = 'leave it out to get the default';
  return { code: 'WRONG_VALUE', key: key.path, origin, message: 'its value is empty', allowed: key.allowed, hint };
}

function unknownVariable(name: string, table: KeyTable): Problem {
  const suggestion = nearestVariable(name, table);
  const isSecret = /PASSWORD|TOKEN|SECRET/.test(name);
  const hint = isSecret
    ? 'secrets are never written here: name a file'
    : 'a section and a key are joined by two underscores';
  return {
    code: 'UNKNOWN_KEY',
    origin: { env: name },
    message: 'no key belongs to this variable in this version',
    allowed: `${environmentPrefix}SECTION__KEY as in docs/configuration.md`,
    hint: suggestion === undefined ? hint : `did you mean ${suggestion}? ${isSecret ? hint : ''}`.trim(),
  };
}

/** What the environment says. Every variable with our prefix must be a key's, but for those that the commands read. */
export function readEnvironment(env: NodeJS.ProcessEnv, table: KeyTable): SourceReading {
  const byName = new Map([...table.keys.values()].map((key) => [key.env, key]));
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(environmentPrefix)) continue;
    if (commandVariables.has(name) || serviceLink.test(name)) continue;
    const key = byName.get(name);
    if (key === undefined) problems.push(unknownVariable(name, table));
    else if (value === '') problems.push(emptyValue(key, { env: name }));
    else entries.push({ path: key.path, value: fromText(value, key), origin: { env: name } });
  }
  return { entries, problems };
}

/** What the flags say: pairs of a key's path and its text; the last one wins. */
export function readFlags(flags: Iterable<readonly [path: string, value: string]>, table: KeyTable): SourceReading {
  const entries: Entry[] = [];
  const problems: Problem[] = [];
  for (const [path, value] of flags) {
    const origin = { flag: `--set ${path}` };
    const key = table.keys.get(path);
    const section = table.sections.get(path);
    if (key !== undefined && value !== '') entries.push({ path, value: fromText(value, key), origin });
    else if (key !== undefined) problems.push(emptyValue(key, origin));
    else if (section === undefined || path === '') problems.push(unknownKey(path, origin, table));
    else {
      const allowed = `in ${path}: ${section.names.join(', ')}`;
      problems.push({ code: 'WRONG_VALUE', key: path, origin, message: 'it is a section, not a key', allowed });
    }
  }
  return { entries, problems };
}
