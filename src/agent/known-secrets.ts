import { readFile } from 'node:fs/promises';

/**
 * Tells the log the contents of the secret files, so that no line can hold them wherever they came from. Called in every
 * round, since the files may be changed; one that cannot be read is its reader's fault to tell.
 */
export async function registerSecrets(
  files: readonly (string | undefined)[],
  addSecret: (value: string) => void,
): Promise<void> {
  for (const file of files) {
    const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
    // A file of webhooks has a secret on each line; any other is one secret.
    for (const secret of new Set([text, ...text.split('\n')].map((part) => part.trim()))) {
      if (secret !== '' && !secret.startsWith('# ')) {
        addSecret(secret);
      }
    }
  }
}
