import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfig } from '../../src/config/config.ts';
import { ConfigError, formatProblem, type Problem } from '../../src/config/config-error.ts';
import { type ConfigSources, loadConfig } from '../../src/config/load.ts';

/** The least that must be set. */
export const minimal = 'member:\n  name: a\n  dataDir: /var/lib/etcd\n';

/** What is given to `loadConfig`, with the text of the file instead of its path. */
export interface Given extends Omit<ConfigSources, 'file' | 'env'> {
  readonly yaml?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs `use` with a folder that is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-config-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Loads a configuration whose file has the given text. */
export function load({ yaml = minimal, env = {}, ...rest }: Given): Promise<LoadedConfig> {
  return inFolder(async (folder) => {
    const file = join(folder, 'agent.yaml');
    await writeFile(file, yaml);
    return await loadConfig({ file, env, ...rest });
  });
}

/** What `loadConfig` refuses. */
export async function problemsOf(loading: Promise<unknown>): Promise<readonly Problem[]> {
  try {
    await loading;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

/** What is refused, each problem as the line that a person reads, without the folder of the file. */
export async function linesOf(given: Given): Promise<readonly string[]> {
  return (await problemsOf(load(given))).map((problem) =>
    formatProblem(problem).replaceAll(/\/\S*\/agent\.yaml/g, 'agent.yaml'),
  );
}
