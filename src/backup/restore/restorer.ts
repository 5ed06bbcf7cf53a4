import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import type { EtcdBinaries } from '../../distribution/find-binaries.ts';

/** What a data dir is made for; absent values are etcd's own defaults. */
export interface DataDirIdentity {
  /** Of the member. */
  readonly name: string;
  /** `m1=http://10.0.0.1:2380,m2=…`: all members of the new cluster, alike for each. */
  readonly initialCluster: string;
  readonly initialClusterToken: string;
  readonly initialAdvertisePeerUrls: string;
}

export interface MakeDataDir {
  readonly snapshotFile: string;
  /** Must not be there. */
  readonly dataDir: string;
  readonly walDir?: string;
  readonly identity: DataDirIdentity;
  /** The file is a member's database and not a snapshot, so it has no hash at its end. */
  readonly skipHashCheck?: boolean;
  /** Adds this to the newest revision and marks everything before as compacted. */
  readonly bumpRevisionBy?: bigint;
}

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Makes a data dir from a snapshot, as etcd's own tool does it. Throws `RESTORE_TOOL_FAILED`. */
export async function makeDataDir(
  { restorer }: EtcdBinaries,
  { snapshotFile, dataDir, walDir, identity, skipHashCheck = false, bumpRevisionBy }: MakeDataDir,
  signal: AbortSignal,
): Promise<void> {
  await runTool(
    restorer,
    [
      ...['snapshot', 'restore', snapshotFile, '--data-dir', dataDir],
      ...(walDir === undefined ? [] : ['--wal-dir', walDir]),
      ...['--name', identity.name, '--initial-cluster', identity.initialCluster],
      ...['--initial-cluster-token', identity.initialClusterToken],
      ...['--initial-advertise-peer-urls', identity.initialAdvertisePeerUrls],
      ...(skipHashCheck ? ['--skip-hash-check=true'] : []),
      ...(bumpRevisionBy === undefined ? [] : ['--bump-revision', String(bumpRevisionBy), '--mark-compacted']),
    ],
    signal,
  );
}

/** Whether the tool can raise the revision and mark all before it as compacted: etcdutl of 3.5.16 and newer. */
export async function canBumpRevision({ restorer }: EtcdBinaries, signal: AbortSignal): Promise<boolean> {
  return (await helpOf(restorer, ['snapshot', 'restore', '--help'], signal)).includes('--bump-revision');
}

/** Whether etcd knows the flag, by its own help. */
export async function knowsFlag({ etcd }: EtcdBinaries, flag: string, signal: AbortSignal): Promise<boolean> {
  return (await helpOf(etcd, ['--help'], signal)).includes(`${flag} `);
}

/**
 * The environment of etcd and its tools: this one's without what would steer them (`ETCD_NAME` beside `--name` is an error
 * to etcd), and without what is secret: they reach no store.
 */
export function toolEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !/^(ETCD(CTL|UTL)?|ETCD_CARETAKER|AWS)_/.test(name));
  return { ...Object.fromEntries(kept), ETCD_UNSUPPORTED_ARCH: process.arch, ETCDCTL_API: '3' };
}

/** Some versions print their help to standard error, and some end with 1 or 2 after it. */
async function helpOf(file: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { output, error } = await run(file, args, signal);
  if (error !== undefined && output === '') throw failed(file, args, output, error);
  return output;
}

async function runTool(file: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { output, error } = await run(file, args, signal);
  if (error !== undefined) throw failed(file, args, output, error);
}

function run(
  file: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly output: string; readonly error?: Error }> {
  return new Promise((resolve, reject) => {
    const options = { env: toolEnvironment(), signal, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const };
    execFile(file, [...args], options, (error, stdout, stderr) => {
      if (signal.aborted) reject(signal.reason);
      else resolve({ output: `${stdout}${stderr}`, ...(error === null ? {} : { error }) });
    });
  });
}

function failed(file: string, args: readonly string[], output: string, cause: Error): AgentError {
  const said = output.trim().split('\n').at(-1) ?? '';
  const what = `${basename(file)} ${args.slice(0, 3).join(' ')}`;
  return new AgentError('RESTORE_TOOL_FAILED', `${what} failed: ${said === '' ? cause.message : said.slice(0, 500)}`, {
    remedy: 'Look at what it says: the disk may be full, the snapshot damaged, or the tool older than the snapshot.',
    cause,
  });
}
