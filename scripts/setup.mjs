// Sets up what `npm start`, `npm test`, `npm run check`, `npm run bench` and others need, on the machine's own Node (18 or
// newer). Says nothing and takes no time when everything is there.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { buildPage } from './setup/page.mjs';
import { SetupError } from './setup/report.mjs';
import { bringTools, uses } from './setup/tools.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Uses that start no agent. */
const withoutPage = ['check', 'helm'];
const [flag, use = 'start', ...rest] = process.argv.slice(2);

if ((flag !== undefined && flag !== '--for') || !uses.includes(use) || rest.length > 0) {
  process.stderr.write(`usage: node scripts/setup.mjs [--for ${uses.join('|')}]\n`);
  process.exit(2);
}
try {
  // What builds the status page is among the packages for development.
  installNpmPackages(root, { development: true });
  bringTools(join(root, '.tools'), use);
  if (!withoutPage.includes(use)) buildPage(root);
} catch (error) {
  if (!(error instanceof SetupError)) {
    throw error;
  }
  process.stderr.write(`set-up: ${error.message}\n`);
  process.exit(3);
}
