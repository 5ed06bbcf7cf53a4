import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';

/** Absolute paths of the executables of one etcd: all of one folder, so that their versions belong together. */
export interface EtcdBinaries {
  readonly etcd: string;
  /** Restores snapshots: `etcdutl`, or `etcdctl` of etcd 3.4, which has no `etcdutl`. */
  readonly restorer: string;
}

/**
 * The etcd executable: in the folder that `ETCD_BIN` names, else the one on PATH, else the newest that set-up has put
 * into `.tools` of the checkout. Throws `ETCD_MISSING`.
 */
export function findEtcd(env: NodeJS.ProcessEnv, toolsFolder = checkoutTools()): string {
  const folder = folderWith(['etcd'], env, toolsFolder);
  if (folder === undefined) throw missing(problemOf(env, 'etcd'));
  return resolve(folder, 'etcd');
}

/**
 * Etcd and the tool that restores snapshots, in `folder`, where that is given, else as `findEtcd` looks; the folder must
 * have both. Throws `ETCD_MISSING`.
 */
export function findBinaries(env: NodeJS.ProcessEnv, folder?: string, toolsFolder = checkoutTools()): EtcdBinaries {
  const found =
    folder ?? folderWith(['etcd', 'etcdutl'], env, toolsFolder) ?? folderWith(['etcd', 'etcdctl'], env, toolsFolder);
  if (found === undefined) throw missing(problemOf(env, 'etcd with etcdutl (or etcdctl, of 3.4) beside it'));
  // They are started in other folders than this process was.
  const etcd = resolve(found, 'etcd');
  const restorer = ['etcdutl', 'etcdctl'].map((name) => resolve(found, name)).find((path) => existsSync(path));
  if (!existsSync(etcd) || restorer === undefined) {
    throw missing(`${found} does not have both etcd and etcdutl (or etcdctl, of 3.4)`);
  }
  return { etcd, restorer };
}

function folderWith(names: readonly string[], env: NodeJS.ProcessEnv, toolsFolder: string): string | undefined {
  const named = env['ETCD_BIN'];
  const candidates =
    named !== undefined && named !== ''
      ? [named]
      : [...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''), ...unpacked(toolsFolder)];
  return candidates.find((folder) => names.every((name) => existsSync(join(folder, name))));
}

function problemOf(env: NodeJS.ProcessEnv, what: string): string {
  const named = env['ETCD_BIN'];
  return named === undefined || named === ''
    ? `found no ${what} on PATH`
    : `ETCD_BIN is ${named}, where there is no ${what}`;
}

function missing(problem: string): AgentError {
  return new AgentError('ETCD_MISSING', problem, {
    remedy: 'install etcd 3.5, or set ETCD_BIN to the folder that has it (in a checkout, npm start brings one)',
  });
}

/** The newest first. */
function unpacked(toolsFolder: string): readonly string[] {
  const names = existsSync(toolsFolder) ? readdirSync(toolsFolder).filter((name) => name.startsWith('etcd-3.')) : [];
  return names.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((name) => join(toolsFolder, name));
}

/** Above `src/` and above `dist/` alike. */
function checkoutTools(): string {
  return join(import.meta.dirname, '..', '..', '.tools');
}
