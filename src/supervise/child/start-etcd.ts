import { AgentError } from '../../cluster/agent-error.ts';
import { type EtcdProcess, spawnEtcd } from './etcd-process.ts';
import type { OwnLines } from './last-end.ts';
import { openLog } from './log-file.ts';

/** What is started, and for which member. */
export interface EtcdStart {
  readonly program: string;
  readonly flags: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Name of the member. */
  readonly member: string;
}

/** Starts etcd with its output in the log file, and says where in there its lines begin. Throws `SUPERVISE_START_FAILED`. */
export async function startEtcd(
  start: EtcdStart,
): Promise<{ readonly process: EtcdProcess; readonly lines: OwnLines }> {
  const { program, flags, env, logFile, member } = start;
  try {
    const log = await openLog(logFile);
    try {
      const process = await spawnEtcd({ program, flags, env, log: log.handle.fd });
      return { process, lines: { logFile, logOffsetBytes: log.offsetBytes } };
    } finally {
      await log.handle.close();
    }
  } catch (cause) {
    throw new AgentError('SUPERVISE_START_FAILED', `${program} could not be started: ${cause}`, {
      member,
      remedy: 'check supervise.child.etcd, and that the agent may run it and write supervise.child.logFile',
      cause,
    });
  }
}
