import { readFile } from 'node:fs/promises';
import { AgentError } from '../cluster/agent-error.ts';
import { type Decryption, decryptionWith, type Encryption, encryptionFor } from './encryption.ts';

/**
 * Encryption for those whom a file names, one recipient a line as `age -R` takes it; empty lines and those that begin with `#`
 * do not count. Throws `RECIPIENT_UNREADABLE`.
 */
export async function encryptionFromFile(path: string): Promise<Encryption> {
  const lines = await linesOf(path, 'RECIPIENT_UNREADABLE', 'recipients');
  // A file of identities in its place would still be a secret of somebody.
  const secret = lines.find(({ text }) => text.toUpperCase().startsWith('AGE-SECRET-KEY-'));
  if (secret !== undefined) {
    throw new AgentError(
      'RECIPIENT_UNREADABLE',
      `Line ${secret.number} of ${path} is an identity, with which backups are decrypted, and no recipient.`,
      { remedy: 'Put the output of `age-keygen -y` on that file in its place, and keep the identity away from etcd.' },
    );
  }
  return await encryptionFor(lines.map(({ text }) => text));
}

/**
 * Decryption with the identities of files as `age-keygen` writes them; several, so that what was encrypted before the keys
 * were changed can still be read. Throws `IDENTITY_UNREADABLE`, which never repeats what a file holds.
 */
export async function decryptionFromFiles(paths: readonly string[]): Promise<Decryption> {
  const identities: string[] = [];
  for (const path of paths) {
    identities.push(...(await linesOf(path, 'IDENTITY_UNREADABLE', 'identities')).map(({ text }) => text));
  }
  return await decryptionWith(identities);
}

async function linesOf(
  path: string,
  code: string,
  what: string,
): Promise<readonly { readonly number: number; readonly text: string }[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new AgentError(code, `The file ${path} with the ${what} of backups cannot be read (${reason}).`, {
      remedy: 'Check the path and its permissions.',
    });
  });
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
}
