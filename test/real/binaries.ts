import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** An etcd line that the tests run on. */
export type EtcdLine = '3.4' | '3.5';

/** Paths of the executables of one etcd version; `etcdutl` does not exist before 3.5. */
export type EtcdBinaries = { readonly etcd: string; readonly etcdctl: string; readonly etcdutl?: string };

const toolsFolder = join(import.meta.dirname, '..', '..', '.tools');

/**
 * Where the executables of an etcd line are: the folder in `ETCD_BIN_3_4` or `ETCD_BIN_3_5`, else the newest
 * `.tools/etcd-<line>.*` that `scripts/setup.mjs` unpacked, else the folder in `ETCD_BIN` (whatever its version).
 * Throws when there is none.
 */
export const findBinaries = (line: EtcdLine = '3.5'): EtcdBinaries => {
  const folder = [
    process.env[`ETCD_BIN_${line.replace('.', '_')}`],
    newestUnpacked(line),
    process.env['ETCD_BIN'],
  ].find((candidate) => candidate !== undefined && existsSync(join(candidate, 'etcd')));
  if (folder === undefined) {
    throw new Error(`no etcd ${line} found: run "node scripts/setup.mjs --for test", or set ETCD_BIN to its folder`);
  }
  const etcdutl = join(folder, 'etcdutl');
  return {
    etcd: join(folder, 'etcd'),
    etcdctl: join(folder, 'etcdctl'),
    ...(existsSync(etcdutl) && { etcdutl }),
  };
};

/** The version of an etcd line that the tests run on, as it says itself. */
export const etcdVersion = (line: EtcdLine): string => {
  const said = execFileSync(findBinaries(line).etcd, ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
  });
  return /etcd Version: (\S+)/.exec(said)?.[1] ?? '';
};

const newestUnpacked = (line: EtcdLine): string | undefined => {
  if (!existsSync(toolsFolder)) {
    return undefined;
  }
  const patchOf = (name: string) => Number(name.split('.')[2]);
  const newest = readdirSync(toolsFolder)
    .filter((name) => name.startsWith(`etcd-${line}.`))
    .sort((a, b) => patchOf(a) - patchOf(b))
    .at(-1);
  return newest === undefined ? undefined : join(toolsFolder, newest);
};
