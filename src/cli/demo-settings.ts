import { loadConfig } from '../config/load.ts';

/** What the demo gives every agent a value of its own for. */
const keysOfTheDemo: readonly (readonly [path: string, value: string])[] = [
  ['member.name', 'm1'],
  ['member.endpoint', 'http://127.0.0.1:2379'],
  ['member.dataDir', '/data'],
];

/**
 * Checks `--set` of the demo as its agents will: a mistake is told before anything is started.
 * Throws `ConfigError` with all problems.
 */
export async function checkSettings(settings: readonly (readonly [path: string, value: string])[]): Promise<void> {
  await loadConfig({ env: {}, flags: [...keysOfTheDemo, ...settings] });
}
