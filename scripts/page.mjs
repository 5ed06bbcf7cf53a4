// Makes the status page: src/ui becomes dist/page/index.html, page.js and page.css. The same sources make the same
// bytes. Runs on the machine's own Node, too.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src', 'ui');
const target = join(root, 'dist', 'page');

/** The files of the page by name. */
export const bundlePage = async () => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { page: join(source, 'main.tsx') },
    outdir: target,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    tsconfig: join(source, 'tsconfig.json'),
    legalComments: 'none',
    logLevel: 'warning',
  });
  const files = Object.fromEntries(outputFiles.map(({ path, contents }) => [path.slice(target.length + 1), contents]));
  // What is kept by a browser for long is asked for by what is in it.
  const html = ['page.js', 'page.css'].reduce(
    (text, name) => text.replace(`"${name}"`, `"${name}?v=${hashOf(files[name])}"`),
    readFileSync(join(source, 'index.html'), 'utf8'),
  );
  return { 'index.html': Buffer.from(html), 'LICENSES.txt': licenses(), ...files };
};

/** What is bundled asks for its license to go along. */
const licenses = () => {
  const texts = ['preact', 'uplot', 'd3-hierarchy', 'eventsource-parser'].map((name) => {
    const text = readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
    return `${name}\n\n${text.trim()}\n`;
  });
  return Buffer.from(`The status page contains:\n\n${texts.join('\n----\n\n')}`);
};

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await bundlePage();
  const part = `${target}.${process.pid}.part`;
  mkdirSync(part, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(part, name), bytes);
  }
  // Nobody sees half of a page.
  rmSync(target, { recursive: true, force: true });
  renameSync(part, target);
}
