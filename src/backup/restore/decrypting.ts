import { AgentError } from '../../cluster/agent-error.ts';
import type { Manifest } from '../manifest.ts';

/** Turns back what was encrypted, with the identities that are given. Of `backup/encryption.ts`. */
export interface Decryption {
  decrypt(
    source: AsyncIterable<Buffer>,
    what: { readonly object: string; readonly keyIds?: readonly string[] },
  ): AsyncIterable<Buffer>;
}

/** An object's bytes as they were before encryption. Throws `IDENTITY_MISSING` where it is encrypted and none is given. */
export function decrypting(
  source: AsyncIterable<Buffer>,
  { encryption }: Pick<Manifest, 'encryption'>,
  decryption: Decryption | undefined,
  object: string,
): AsyncIterable<Buffer> {
  if (encryption === undefined) return source;
  if (decryption === undefined) {
    throw new AgentError('IDENTITY_MISSING', `${object} is encrypted for ${encryption.keyIds.join(', ')}.`, {
      remedy: 'Give the file with the identity of one of these keys (--identity-file).',
    });
  }
  return decryption.decrypt(source, { object, keyIds: encryption.keyIds });
}
