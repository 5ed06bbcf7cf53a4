import { basename } from 'node:path';
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { AgentError } from '../../cluster/agent-error.ts';
import { beginSettingNames, variableOf } from '../begin-settings.ts';

/**
 * The text of a static pod's manifest with these settings of etcd and none of the others that begin a cluster, be it as flags or
 * in the container's environment. Everything else stays as it is, comments too; a flag that is there already keeps its place.
 * `settings` are those of `beginSettings`. Throws an AgentError `SUPERVISE_MANIFEST_UNREADABLE` where it is not the manifest of a
 * pod with an etcd in it, `SUPERVISE_MANIFEST_OPAQUE` where etcd does not take its settings from flags.
 */
export function editedManifest(text: string, settings: ReadonlyMap<string, string>, path: string): string {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw unreadable(path, problem.message.split('\n')[0] ?? 'it is not YAML');
  const container = etcdContainer(document, path);
  const flags = flagsOf(document, container, path);
  const gone = editFlags(flags, settings);
  const env = document.getIn([...container, 'env']);
  const goneVariables = isSeq(env) ? removeVariables(env) : false;
  if (!gone && !goneVariables) return text;
  // As kubeadm and kubectl write lists: on the column of their key.
  const indentSeq = !/^( *)(?:- )?[\w-]+:[ ]*\n\1- /m.test(text);
  return document.toString({ lineWidth: 0, indentSeq });
}

type Path = readonly (string | number)[];

function etcdContainer(document: Document, path: string): Path {
  const containers = document.getIn(['spec', 'containers']);
  if (!isSeq(containers)) throw unreadable(path, 'it has no spec.containers');
  const index = containers.items.findIndex((item) => {
    if (!isMap(item)) return false;
    return item.get('name') === 'etcd' || isEtcd(firstWord(item.get('command')));
  });
  if (index < 0) throw unreadable(path, 'it has no container that is called etcd or runs etcd');
  return ['spec', 'containers', index];
}

/** The list in which the flags stand: `args`, or `command` as kubeadm has it. */
function flagsOf(document: Document, container: Path, path: string): YAMLSeq {
  const [command, args] = [document.getIn([...container, 'command']), document.getIn([...container, 'args'])];
  const program = firstWord(command);
  if (program !== undefined && !isEtcd(program)) throw opaque(path, `its container runs ${program}`);
  const lists = [command, args].filter(isSeq);
  if (lists.some((list) => list.items.some((item) => flagName(textOf(item)) === 'config-file'))) {
    throw opaque(path, 'its etcd has a configuration file, beside which it looks at no flag');
  }
  const flags = isSeq(args) ? args : command;
  if (!isSeq(flags)) throw opaque(path, 'its etcd has no flags');
  // Those that would stand in front of `args` are dropped there.
  if (isSeq(args) && isSeq(command)) dropFlags(command, () => true);
  return flags;
}

/** Sets and drops flags in a list of words. Says whether that has changed anything. */
function editFlags(list: YAMLSeq, settings: ReadonlyMap<string, string>): boolean {
  const placed = new Set<string>();
  let changed = false;
  for (const item of list.items) {
    const [text, name] = [textOf(item), flagName(textOf(item))];
    const value = name === undefined ? undefined : settings.get(name);
    if (name === undefined || value === undefined || placed.has(name) || !text.includes('=') || !isScalar(item))
      continue;
    placed.add(name);
    changed ||= text !== `--${name}=${value}`;
    item.value = `--${name}=${value}`;
  }
  const kept = new Set<string>();
  const dropped = dropFlags(list, (name) => {
    // The first of those that are set has its place; what comes a second time would win.
    if (!placed.has(name) || kept.has(name)) return true;
    kept.add(name);
    return false;
  });
  const missing = [...settings].filter(([name]) => !placed.has(name));
  for (const [name, value] of missing) list.add(`--${name}=${value}`);
  return changed || dropped || missing.length > 0;
}

/** Drops those flags that begin a cluster and for which `unwanted` holds, with their value where that is a word of its own. */
function dropFlags(list: YAMLSeq, unwanted: (name: string) => boolean): boolean {
  const { length } = list.items;
  for (let index = 0; index < list.items.length; ) {
    const text = textOf(list.items[index]);
    const name = flagName(text);
    if (name === undefined || !isBeginSetting(name) || !unwanted(name)) {
      index++;
      continue;
    }
    const next = textOf(list.items[index + 1]);
    const ownWord = !text.includes('=') && name !== 'force-new-cluster' && next !== '' && !next.startsWith('-');
    list.items.splice(index, ownWord ? 2 : 1);
  }
  return list.items.length < length;
}

/** Etcd refuses to start when a setting comes by flag and by environment. */
function removeVariables(env: YAMLSeq): boolean {
  const names = new Set<string>(beginSettingNames.map(variableOf));
  const { length } = env.items;
  env.items = env.items.filter((item) => !(isMap(item) && names.has(String(item.get('name')))));
  return env.items.length < length;
}

function isBeginSetting(name: string): boolean {
  return beginSettingNames.some((known) => known === name);
}

function flagName(word: string): string | undefined {
  return /^--?([a-z0-9-]+)(?:=|$)/.exec(word)?.[1];
}

function firstWord(list: unknown): string | undefined {
  return isSeq(list) ? textOf(list.items[0]) : undefined;
}

function isEtcd(program: string | undefined): boolean {
  return program !== undefined && /^etcd(-?v?\d[\w.]*)?$/.test(basename(program));
}

function textOf(item: unknown): string {
  return isScalar(item) ? String(item.value) : '';
}

function unreadable(path: string, why: string): AgentError {
  return new AgentError('SUPERVISE_MANIFEST_UNREADABLE', `${path} is not the manifest of an etcd: ${why}`, {
    remedy: 'set supervise.staticPod.manifest to it, and see that it is whole',
  });
}

function opaque(path: string, why: string): AgentError {
  return new AgentError('SUPERVISE_MANIFEST_OPAQUE', `what ${path} starts etcd with cannot be changed: ${why}`, {
    remedy: "let the container run etcd itself, with its settings as flags, as kubeadm's manifest does",
  });
}
