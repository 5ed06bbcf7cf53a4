import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError, say } from './report.mjs';

/**
 * Installs what package-lock.json names, if that is not what is installed. Without `development` the packages that
 * only tests and checks need may be missing.
 */
export const installNpmPackages = (root, { development }) => {
  const missing = firstDifference(root, development);
  if (missing === undefined) {
    return;
  }
  say(`installing npm packages (${missing})`);
  // Not `npm ci`: a lock file written where the registry lacks the optional packages of other platforms is refused by it.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  args.push(...(development ? [] : ['--omit=dev']));
  const { status, error } = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH: pathWithoutPackages() },
  });
  if (status !== 0) {
    throw new SetupError(`"npm ${args.join(' ')}" failed (${error?.message ?? `exit code ${status}`}); see above`);
  }
};

/** What npm itself recorded as installed is compared with the lock file: an `npm install` by hand counts too. */
const firstDifference = (root, development) => {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const recorded = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(recorded)) {
    return 'none are there yet';
  }
  const installed = packagesOf(recorded);
  const different = Object.entries(wanted).find(
    ([path, { version, dev, optional, devOptional }]) =>
      path !== '' && !optional && (development || !(dev || devOptional)) && installed[path]?.version !== version,
  );
  if (different !== undefined) {
    return `${different[0].replace(/^node_modules\//, '')} is not the locked one`;
  }
  return existsSync(join(root, 'node_modules', 'node', 'bin', 'node')) ? undefined : 'the Node runtime is missing';
};

const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages ?? {};

/** npm must not run on the Node in node_modules, which it is about to remove. */
const pathWithoutPackages = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(delimiter);
