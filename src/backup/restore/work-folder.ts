import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Folders of restores to the same target that were killed, or of one that runs elsewhere. */
export async function othersBeside(target: string): Promise<readonly string[]> {
  const { parent, prefix } = workPlace(target);
  const names = await readdir(parent).catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(parent, name));
}

/** Makes a folder on the device of the target, so that the result can be renamed into its place. */
export async function workFolder(target: string): Promise<string> {
  const { parent, prefix } = workPlace(target);
  await mkdir(parent, { recursive: true });
  return await mkdtemp(join(parent, prefix));
}

function workPlace(path: string): { readonly parent: string; readonly prefix: string } {
  const target = resolve(path);
  return { parent: dirname(target), prefix: `.${basename(target)}.restoring-` };
}
