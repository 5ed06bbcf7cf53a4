import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import type { KubeObject } from './objects.ts';

export const chartFolder = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm', 'etcd-caretaker');

/** Where the set-up puts what it builds: `npm run test:helm`. */
const tools = join(import.meta.dirname, '..', '..', '..', '.tools');

/** A program that the set-up has built, or in `PATH`, or the one that a variable names. */
export function programOf(name: string, variable: string): string | undefined {
  const folders = [join(tools, name), ...(process.env['PATH'] ?? '').split(delimiter)];
  return [process.env[variable] ?? '', ...folders.map((folder) => join(folder, name))].find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return file !== '';
  } catch {
    return false;
  }
}

export const helm = programOf('helm', 'HELM_BIN');

if (helm === undefined) {
  console.warn(
    'SKIPPED: the Helm chart is not rendered, since there is no helm in PATH or HELM_BIN; only files.test.ts looks at its files. `npm run test:helm` builds it, with Go.',
  );
}

export type Values = Readonly<Record<string, unknown>>;

export interface Release {
  readonly name?: string;
  readonly namespace?: string;
}

/** What `helm template` says of these values. */
export function rendering(values: Values, { name = 'etcd', namespace = 'db' }: Release = {}) {
  const args = ['template', name, chartFolder, '--namespace', namespace, '--kube-version', '1.32.0', '--values', '-'];
  const { status, stdout, stderr } = spawnSync(helm ?? 'helm', args, { input: stringify(values), encoding: 'utf8' });
  return { ok: status === 0, stdout, stderr };
}

const known = new Map<string, readonly KubeObject[]>();

/** The objects of a release. */
export function rendered(values: Values, release?: Release): readonly KubeObject[] {
  // Many tests look at the same ones.
  const asked = JSON.stringify([values, release]);
  const before = known.get(asked);
  if (before !== undefined) return before;
  const { ok, stdout, stderr } = rendering(values, release);
  if (!ok) throw new Error(stderr);
  const objects = objectsIn(stdout);
  known.set(asked, objects);
  return objects;
}

/** As Kubernetes reads YAML: numbers that begin with 0 are octal. */
export function objectsIn(text: string): readonly KubeObject[] {
  return parseAllDocuments(text, { version: '1.1', uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() ?? [];
  });
}
