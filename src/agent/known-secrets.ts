import { readFile } from 'node:fs/promises';
import type { Config } from '../config/config.ts';

/** The files whose text is a secret as it stands there; private keys never are in any text. */
export function secretTexts({ backup, cluster, expose, notify }: Config): readonly (string | undefined)[] {
  const { s3, encryption } = backup;
  return [
    ...[expose.auth.tokenFile, expose.auth.readTokenFile, cluster.auth.passwordFile, notify.webhookFile],
    ...[s3.secretAccessKeyFile, s3.sessionTokenFile, s3.sseCustomerKeyFile, encryption.identityFile],
  ];
}

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
