import type { ProcessEnd } from '../../cluster/own-member.ts';
import { endCause } from '../end-cause.ts';
import { lastWrittenMs, readTail } from './log-file.ts';

/** Where the lines of one process of etcd stand. */
export interface OwnLines {
  readonly logFile: string;
  readonly logOffsetBytes: number;
}

/** The end of a process, with what its log says of it. `asked`: by this agent, whatever the log says. */
export async function describeEnd(how: string, lines: OwnLines, asked: boolean, atMs: number): Promise<ProcessEnd> {
  if (asked) return { how, cause: 'asked', atMs };
  return { how, ...endCause(how, await readTail(lines.logFile, lines.logOffsetBytes)), atMs };
}

/** The end of a process that ended while no agent was there: its log is all that is left of it. */
export async function endWhileAway(lines: OwnLines): Promise<ProcessEnd> {
  const atMs = (await lastWrittenMs(lines.logFile)) ?? Date.now();
  return await describeEnd('unknown', lines, false, atMs);
}
