import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Far beyond any configuration that a person writes; keeps a wrong file name from filling the memory. */
const maxFileBytes = 1024 * 1024;

/** What was read, or one sentence on why it could not be. */
export type FileText = { readonly text: string } | { readonly problem: string; readonly hint: string };

const systemProblems: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOENT: ['the file does not exist', 'check the path behind --config'],
  ENOTDIR: ['the file does not exist', 'check the path behind --config'],
  EACCES: ['the file may not be read by this user', 'check its owner and mode, and those of its folders'],
  EPERM: ['the file may not be read by this user', 'check its owner and mode, and those of its folders'],
  ELOOP: ['the file is a symbolic link that leads to itself', 'check where it points to'],
};

async function readUpTo(file: string, limitBytes: number): Promise<Buffer | 'directory'> {
  // A pipe (`--config <(…)`) is fine, and without O_NONBLOCK the open waits for its writer.
  await using handle = await open(file, constants.O_RDONLY);
  if ((await handle.stat()).isDirectory()) return 'directory';
  const chunks: Buffer[] = [];
  let total = 0;
  while (total < limitBytes) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(64 * 1024));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** Reads a configuration file: UTF-8, at most 1 MiB. Does not throw for what can be wrong with a file. */
export async function readConfigFile(file: string): Promise<FileText> {
  let bytes: Buffer | 'directory';
  try {
    bytes = await readUpTo(file, maxFileBytes + 1);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const [problem, hint] = systemProblems[code] ?? [
      `the file cannot be read (${code})`,
      'check the disk that it is on',
    ];
    return { problem, hint };
  }
  if (bytes === 'directory') return { problem: 'it is a directory, not a file', hint: 'name the file in it' };
  if (bytes.length > maxFileBytes) return { problem: 'the file is larger than 1MiB', hint: 'is it the right file?' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { problem: 'the file is not UTF-8 text', hint: 'is it the right file? save it as UTF-8' };
  }
}
