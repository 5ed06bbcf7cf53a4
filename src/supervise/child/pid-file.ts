import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What an agent writes down of the etcd that it has started or found, for the agent that comes after it. */
export interface PidRecord {
  readonly pid: number;
  /** Clock ticks after boot at which the process was started. */
  readonly startTicks: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** Length of the log file when the process was started: what stands before is of others. */
  readonly logOffsetBytes: number;
}

function fileIn(stateDir: string): string {
  return join(stateDir, 'etcd.pid.json');
}

/** Writes the record in one step. Makes the folder where it is missing. Throws the system's error. */
export async function writePidFile(stateDir: string, record: PidRecord): Promise<void> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const draft = `${fileIn(stateDir)}.new`;
  await writeFile(draft, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  await rename(draft, fileIn(stateDir));
}

/** The record; undefined where there is none or it is not one: then the process is looked for. */
export async function readPidFile(stateDir: string): Promise<PidRecord | undefined> {
  const text = await readFile(fileIn(stateDir), 'utf8').catch(() => '');
  try {
    const record: unknown = JSON.parse(text);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Takes the record away, so that nobody takes an end that was asked for as one that was not. */
export async function removePidFile(stateDir: string): Promise<void> {
  await rm(fileIn(stateDir), { force: true });
}

function isRecord(value: unknown): value is PidRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTicks, dataDir, logFile, logOffsetBytes } = value as Partial<Record<string, unknown>>;
  return (
    [pid, startTicks, logOffsetBytes].every((number) => Number.isSafeInteger(number) && Number(number) >= 0) &&
    Number(pid) > 0 &&
    [dataDir, logFile].every((text) => typeof text === 'string')
  );
}
