import { join } from 'node:path';
import type { LoadedConfig } from '../config/config.ts';
import { flagsOf } from './config-flags.ts';
import { readDemo } from './demo-agents.ts';

/** The pause file of one agent. */
export interface PauseFile {
  readonly member: string;
  readonly path: string;
  /** Where its agent answers, if it runs as the user who asks. */
  readonly socket: string;
}

/**
 * The pause files that `--config` and `--set` name, or with `--dir` those of all agents of a demo. Throws `ConfigError`, or
 * `USAGE` where the folder is no demo's.
 */
export async function pauseFilesOf(
  options: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<readonly PauseFile[]> {
  const { loadConfig } = await import('../config/load.ts');
  const { dir } = options;
  if (typeof dir !== 'string') return [pauseFileOf(await loadConfig({ ...flagsOf(options), env }))];
  const { agents } = await readDemo(dir);
  return await Promise.all(
    agents.map(async ({ member }) => pauseFileOf(await loadConfig({ file: join(dir, member, 'agent.yaml'), env: {} }))),
  );
}

function pauseFileOf({ config }: LoadedConfig): PauseFile {
  return { member: config.member.name, path: config.operate.pauseFile, socket: config.expose.socket };
}
