import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';

/**
 * The etcd executable: in the folder that `ETCD_BIN` names, else the one on PATH, else the newest that set-up has put
 * into `.tools` of the checkout. Throws `ETCD_MISSING`.
 */
export function findEtcd(env: NodeJS.ProcessEnv, toolsFolder = checkoutTools()): string {
  const named = env['ETCD_BIN'];
  if (named !== undefined && named !== '') {
    return existing([join(named, 'etcd')], `ETCD_BIN is ${named}, where there is no etcd`);
  }
  const unpacked = existsSync(toolsFolder) ? readdirSync(toolsFolder).filter((name) => name.startsWith('etcd-3.')) : [];
  const candidates = [
    ...(env['PATH'] ?? '').split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, 'etcd')])),
    ...unpacked.sort(byVersion).map((name) => join(toolsFolder, name, 'etcd')),
  ];
  return existing(candidates, 'found no etcd on PATH');
}

function existing(candidates: readonly string[], problem: string): string {
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found === undefined) {
    throw new AgentError('ETCD_MISSING', problem, {
      remedy: 'install etcd 3.5, or set ETCD_BIN to the folder that has it (in a checkout, npm start brings one)',
    });
  }
  return found;
}

/** The newest first. */
function byVersion(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}

/** Above `src/` and above `dist/` alike. */
function checkoutTools(): string {
  return join(import.meta.dirname, '..', '..', '.tools');
}
