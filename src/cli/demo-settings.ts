import { ConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load.ts';

/** What the demo gives every agent a value of its own for. */
const keysOfTheDemo: readonly (readonly [path: string, value: string])[] = [
  ['member.name', 'm1'],
  ['member.endpoint', 'http://127.0.0.1:2379'],
  ['member.peerUrl', 'http://127.0.0.1:2380'],
  ['member.dataDir', '/data'],
  ['supervise.kind', 'child'],
];

/** Keys, or beginnings of keys, that must differ from agent to agent, and what the demo itself waits at. */
const keptByTheDemo =
  /^(member(\.|$)|expose$|expose\.(listen|socket)$|cluster$|cluster\.(endpoints|peers|token)$|supervise$|supervise\.(kind|stateDir|child)(\.|$))/;

/**
 * Checks `--set` of the demo as its agents will: a mistake is told before anything is started.
 * Throws `ConfigError` with all problems.
 */
export async function checkSettings(settings: readonly (readonly [path: string, value: string])[]): Promise<void> {
  const kept = settings.filter(([path]) => keptByTheDemo.test(path));
  if (kept.length > 0) {
    throw new ConfigError(
      kept.map(([key]) => ({
        code: 'CONTRADICTION',
        key,
        origin: { flag: '--set' },
        message: 'the demo gives every agent a value of its own',
        hint: 'leave it out; --base-port and --dir choose the addresses and the folder',
      })),
    );
  }
  await loadConfig({ env: {}, flags: [...keysOfTheDemo, ...settings] });
}
