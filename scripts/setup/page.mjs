import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from './report.mjs';

/** Builds the status page where it is missing, or older than what it is made of. */
export const buildPage = (root) => {
  const page = join(root, 'dist', 'page', 'index.html');
  if (existsSync(page) && statSync(page).mtimeMs >= newestSource(root)) return;
  say('building the status page');
  const { status, error } = spawnSync(process.execPath, [join(root, 'scripts', 'page.mjs')], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) {
    throw new SetupError(`the status page could not be built (${error?.message ?? `exit code ${status}`}); see above`);
  }
};

/** It takes little from outside of src/ui, and that is in these folders. */
const newestSource = (root) =>
  Math.max(
    ...['src/ui', 'src/expose', 'src/cluster'].flatMap((folder) => timesIn(join(root, folder))),
    ...['package-lock.json', 'scripts/page.mjs'].map((file) => statSync(join(root, file)).mtimeMs),
  );

const timesIn = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? timesIn(path) : [statSync(path).mtimeMs];
  });
