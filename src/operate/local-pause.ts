import { constants } from 'node:fs';
import { open, rename, rm, writeFile } from 'node:fs/promises';
import { AgentError, faultOf } from '../cluster/agent-error.ts';

/** A pause of one agent, as it stands in the file beside it. Times are ISO 8601. */
export interface LocalPause {
  readonly reason: string;
  readonly by: string;
  readonly at: string;
  readonly until: string;
}

/** Far more than a reason needs. */
const LARGEST_FILE_BYTES = 64 * 1024;

/** Of the owner alone. */
const FILE_MODE = 0o600;

/**
 * Why the agent that reads this file is paused: a sentence, or undefined where there is no file or its end has passed. In
 * doubt it is paused: whatever stands at this path and cannot be understood was put there by somebody.
 * @param nowMs wall clock
 */
export async function readLocalPause(path: string, nowMs: number): Promise<string | undefined> {
  let text: string | undefined;
  try {
    text = await readSmallFile(path);
  } catch (error) {
    return `The pause file ${path} cannot be read, so it counts as a pause: ${faultOf(error).message}.`;
  }
  if (text === undefined) return undefined;
  const pause = parse(text);
  if (typeof pause === 'string') return `The pause file ${path} counts as a pause, though ${pause}.`;
  const { reason, by, until } = pause;
  return nowMs < Date.parse(until) ? `Paused here by ${by} until ${until}: ${reason}` : undefined;
}

/**
 * Puts a pause there in one step, in place of a former one. The folder has to be there: made by somebody else than the
 * agent, it could keep the agent out.
 * @throws AgentError `PAUSE_FILE_UNUSABLE`
 */
export async function writeLocalPause(path: string, pause: LocalPause): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(pause, undefined, 2)}\n`, { mode: FILE_MODE, flag: 'wx', flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw unusable(path, 'written', error);
  }
}

/** Ends the pause; says whether there was a file. @throws AgentError `PAUSE_FILE_UNUSABLE` */
export async function removeLocalPause(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (faultOf(error).code === 'ENOENT') return false;
    throw unusable(path, 'removed', error);
  }
}

/** Undefined where there is none. Opened so that a named pipe at this path does not make the agent wait. */
async function readSmallFile(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    if (faultOf(error).code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size > LARGEST_FILE_BYTES) throw new Error(`it is larger than ${LARGEST_FILE_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** The pause, or what is wrong with it. */
function parse(text: string): LocalPause | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'it holds no JSON';
  }
  const read = (key: keyof LocalPause): string => {
    const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, key) : undefined;
    return typeof value === 'string' ? value : '';
  };
  const until = read('until');
  if (Number.isNaN(Date.parse(until))) return 'it does not say until when ("until")';
  return { reason: read('reason') || 'no reason is given', by: read('by') || 'somebody', at: read('at'), until };
}

function unusable(path: string, done: string, error: unknown): AgentError {
  const { code, message } = faultOf(error);
  const remedy =
    code === 'ENOENT'
      ? "The folder is missing: start the agent once, or make the folder as the agent's user."
      : 'Use the user that the agent runs as, or root.';
  return new AgentError('PAUSE_FILE_UNUSABLE', `The pause file ${path} cannot be ${done}: ${message}.`, {
    cause: error,
    remedy,
  });
}
