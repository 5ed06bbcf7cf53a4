// Makes what a host needs, with the Node that it runs on, in one file that needs nothing else:
// etcd-caretaker-VERSION-linux-ARCH.tar.gz, here or in the folder given, which is made.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { SetupError } from './setup/report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [target = '.', ...rest] = process.argv.slice(2);
if (rest.length > 0 || target.startsWith('-')) {
  process.stderr.write('usage: node scripts/package.mjs [FOLDER]\n');
  process.exit(2);
}
if (!existsSync(join(root, 'dist', 'main.js'))) {
  process.stderr.write('package: dist/ is missing: say `npm run package`, which builds it first\n');
  process.exit(3);
}
const { version, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const name = `etcd-caretaker-${version}`;
const folder = mkdtempSync(join(tmpdir(), 'caretaker-package-'));
try {
  const staged = join(folder, name);
  mkdirSync(staged);
  for (const each of ['package.json', 'package-lock.json']) cpSync(join(root, each), join(staged, each));
  installNpmPackages(staged, { development: false });
  for (const each of files) copied(each, staged);
  // Made by the program that is packed, with what is packed: it starts.
  written(staged, 'share/man/man1/etcd-caretaker.1', ['man']);
  written(staged, 'share/bash-completion/completions/etcd-caretaker', ['completion', 'bash']);
  written(staged, 'share/zsh/site-functions/_etcd-caretaker', ['completion', 'zsh']);
  written(staged, 'share/fish/vendor_completions.d/etcd-caretaker.fish', ['completion', 'fish']);
  // What npm needs to go on from here, and what only other machines would use.
  for (const each of [
    'node_modules/.package-lock.json',
    'node_modules/.bin',
    'node_modules/.cache',
    'package-lock.json',
  ]) {
    rmSync(join(staged, each), { recursive: true, force: true });
  }
  mkdirSync(resolve(target), { recursive: true });
  const file = resolve(target, `${name}-linux-${process.arch}.tar.gz`);
  const tar = spawnSync(
    'tar',
    // The same content makes the same file.
    [
      ...['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'],
      ...['-C', folder, '-I', 'gzip -n', '-cf', `${file}.part`, name],
    ],
    { stdio: ['ignore', 2, 2] },
  );
  if (tar.status !== 0) throw new SetupError(`tar failed (${tar.error?.message ?? `exit code ${tar.status}`})`);
  renameSync(`${file}.part`, file);
  process.stdout.write(`${file} (${(statSync(file).size / 2 ** 20).toFixed(1)} MiB)\n`);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`package: ${error.message}\n`);
  process.exitCode = 3;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What the staged program prints, as a file. */
function written(staged, path, args) {
  const made = spawnSync(join(staged, 'bin', 'etcd-caretaker'), args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  });
  if (made.status !== 0)
    throw new SetupError(
      `etcd-caretaker ${args.join(' ')} failed (${made.error?.message ?? `exit code ${made.status}`})`,
    );
  mkdirSync(dirname(join(staged, path)), { recursive: true });
  writeFileSync(join(staged, path), made.stdout);
}

/** A file or folder of `files` in package.json; of a pattern, the folder's files that fit. */
function copied(pattern, staged) {
  const [directory, ending] = pattern.split('/*');
  cpSync(join(root, directory), join(staged, directory), {
    recursive: true,
    filter: (source) =>
      ending === undefined ||
      source === join(root, directory) ||
      (dirname(source) === join(root, directory) && source.endsWith(ending)),
  });
}
