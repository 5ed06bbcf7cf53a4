import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { faultOf } from '../cluster/agent-error.ts';
import { etcdEnvironment } from './child/etcd-environment.ts';

const run = promisify(execFile);

/** Etcd says its version at once; a disk that hangs does not answer. */
const ANSWER_WITHIN_MS = 20_000;

/**
 * The version that an etcd executable says it is, such as `3.5.30`. Rejects where it does not run.
 * @param env the agent's own; the program gets it without what would steer it
 */
export async function versionOfProgram(program: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const { stdout } = await asked(program, ['--version'], env, signal);
  return /etcd Version: (\S+)/.exec(stdout)?.[1] ?? 'of no known version';
}

/**
 * What an etcd executable says against these flags, its first line; undefined where it takes them. Nothing is started: etcd looks at all of its
 * flags before it says its version, and one that it does not know (any more) ends it.
 */
export async function refusedFlags(
  program: string,
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await asked(program, [...flags, '--version'], env, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const said = typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
    const [line = faultOf(error).message] = said.split('\n').filter((text) => text !== '');
    return line;
  }
}

function asked(program: string, args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal) {
  return run(program, [...args], { signal, timeout: ANSWER_WITHIN_MS, env: etcdEnvironment(env) });
}
