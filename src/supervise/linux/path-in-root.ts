import { lstat, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** As the kernel has it (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Where a path of another process leads, seen from this one: its root is at `root`, such as `/proc/7/root`. What the kernel would follow from there, an
 * absolute link, it would look for in this process' own root. Throws as `lstat` and `readlink`, and `ELOOP`.
 */
export async function pathInRoot(root: string, path: string): Promise<string> {
  let [done, links] = ['/', 0];
  const left = path.split('/');
  while (left.length > 0) {
    const [next = ''] = left.splice(0, 1);
    if (next === '' || next === '.') continue;
    if (next === '..') {
      done = dirname(done);
      continue;
    }
    const here = join(done, next);
    if (!(await lstat(join(root, here))).isSymbolicLink()) {
      done = here;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw Object.assign(new Error(`too many symbolic links in ${path}`), { code: 'ELOOP' });
    const target = await readlink(join(root, here));
    if (target.startsWith('/')) done = '/';
    left.unshift(...target.split('/'));
  }
  return join(root, done);
}
