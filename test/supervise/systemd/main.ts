import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { SystemdContainer, systemdRoot } from './container.ts';

// `npm run test:systemd`: boots a real systemd in a container and runs the tests of *.in-container.ts inside of it.
// Takes root, debootstrap and systemd-nspawn (packages debootstrap and systemd-container).

for (const program of ['debootstrap', 'systemd-nspawn', 'nsenter']) {
  if (spawnSync(program, ['--version']).error !== undefined) {
    console.error(`${program} is missing: apt-get install debootstrap systemd-container`);
    process.exit(3);
  }
}
const startedMs = performance.now();
await using container = await SystemdContainer.boot(systemdRoot());
const bootedMs = performance.now();
const version = container.run(['systemctl', '--version'], 'pipe').stdout.split('\n')[0];
console.log(`${version} booted in ${((bootedMs - startedMs) / 1000).toFixed(1)} s`);
const vitest = join('node_modules', 'vitest', 'vitest.mjs');
const config = join('test', 'supervise', 'systemd', 'vitest.config.ts');
const { status } = container.run(
  [process.execPath, vitest, 'run', '--config', config, '--root', '.', ...process.argv.slice(2)],
  'inherit',
);
process.exitCode = status ?? 1;
