import { spawn } from 'node:child_process';
import type { Report } from '../../../src/cli/doctor/report.ts';

/** What a command line came to. */
export type CliResult = { readonly stdout: string; readonly stderr: string; readonly exitCode: number | null };

const main = new URL('../../../src/main.ts', import.meta.url).pathname;

/** Runs the real program, as a user does; `onStart` may send it signals. */
export const runCli = async (
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly onStart?: (pid: number) => void } = {},
): Promise<CliResult> => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD_CARETAKER_')));
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...options.env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output.stdout += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    output.stderr += piece;
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (child.pid !== undefined) options.onStart?.(child.pid);
  return { exitCode: await ended, ...output };
};

/** Runs `doctor -o json`: the report, and how it ended. */
export const runDoctor = async (
  ...args: readonly string[]
): Promise<{ readonly report: Report; readonly exitCode: number | null; readonly stderr: string }> => {
  const { stdout, exitCode, stderr } = await runCli(['doctor', '-o', 'json', ...args]);
  try {
    return { report: JSON.parse(stdout) as Report, exitCode, stderr };
  } catch {
    throw new Error(`doctor printed no report (exit code ${exitCode}):\n${stdout}${stderr}`);
  }
};

/** Findings that a busy or full test machine may have by itself, whatever is tested. */
const ofTheMachine = new Set([
  'DISK_SLOW',
  'WAL_FSYNC_SLOW',
  'BACKEND_COMMIT_SLOW',
  'RTT_HIGH',
  'FILESYSTEM_FULL',
  'DISK_SMALLER_THAN_QUOTA',
  'DATA_IN_MEMORY',
  'LOAD_SLOW',
]);

/** Codes of the warnings and critical findings that are not the test machine's own. */
export const faultCodes = ({ lines }: Report): readonly (string | undefined)[] =>
  lines
    .filter(({ status, code = '' }) => (status === 'warning' || status === 'critical') && !ofTheMachine.has(code))
    .map(({ code }) => code);

/** The flags of a configuration that reaches a cluster with mTLS. */
export const tlsFlags = (certs: { readonly ca: string; readonly cert: string; readonly key: string }): string[] =>
  Object.entries({ ca: certs.ca, cert: certs.cert, key: certs.key }).flatMap(([key, path]) => [
    '--set',
    `cluster.tls.${key}=${path}`,
  ]);
