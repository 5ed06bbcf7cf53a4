import { createHash } from 'node:crypto';
import type { Decrypter } from 'age-encryption';
import { AgentError } from '../cluster/agent-error.ts';

/**
 * Encryption on this side, in the format of age (https://age-encryption.org/v1): what it writes, the `age` command reads, and
 * the other way round. Whoever holds any one of the identities that it was encrypted for can decrypt it.
 */
export interface Encryption {
  /** Of the recipients, in their order: they name keys without telling anything of them. */
  readonly keyIds: readonly string[];
  /** The same bytes, encrypted. Throws what the source throws, in place of an end. */
  encrypt(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined>;
}

/** The other way round, with one or several identities. */
export interface Decryption {
  /** Of the identities, in their order. */
  readonly keyIds: readonly string[];
  /**
   * The same bytes, decrypted. Throws `DECRYPTION_KEY_WRONG` where none of the identities fits, `DECRYPTION_FAILED` where it
   * was cut off or changed or is not encrypted, and what the source throws. No byte is given that was not checked.
   * @param what it is, for errors: the object's key and, where it is known, for which keys it was encrypted
   */
  decrypt(
    source: AsyncIterable<Buffer>,
    what: { readonly object: string; readonly keyIds?: readonly string[] },
  ): AsyncGenerator<Buffer, void, undefined>;
}

const KEY_ID_DIGITS = 16;

/** Tells a recipient's key from others without telling the key: the beginning of its SHA-256, in hex. */
export function keyIdOf(recipient: string): string {
  return createHash('sha256').update(recipient).digest('hex').slice(0, KEY_ID_DIGITS);
}

/**
 * Encryption for recipients as `age-keygen` prints them (`age1…`). Throws `RECIPIENT_UNREADABLE`, also where there is none.
 */
export async function encryptionFor(recipients: readonly string[]): Promise<Encryption> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if (recipients.length === 0) throw recipientUnreadable('there is none');
  for (const [index, recipient] of recipients.entries()) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      // Somebody may have given an identity in its place: nothing of it is repeated.
      throw recipientUnreadable(`number ${index + 1} is none`);
    }
  }
  return {
    keyIds: recipients.map(keyIdOf),
    encrypt: async function* (source) {
      yield* buffers(await encrypter.encrypt(streamOf(source)));
    },
  };
}

/** Decryption with identities as `age-keygen` writes them (`AGE-SECRET-KEY-1…`). Throws `IDENTITY_UNREADABLE`. */
export async function decryptionWith(identities: readonly string[]): Promise<Decryption> {
  const { Decrypter, identityToRecipient } = await import('age-encryption');
  const decrypter = new Decrypter();
  const keyIds: string[] = [];
  for (const [index, identity] of identities.entries()) {
    try {
      decrypter.addIdentity(identity);
      keyIds.push(keyIdOf(await identityToRecipient(identity)));
    } catch {
      // The reason is not given: it may repeat the identity.
      throw identityUnreadable(`number ${index + 1} is none`);
    }
  }
  if (keyIds.length === 0) throw identityUnreadable('there is none');
  return { keyIds, decrypt: (source, what) => decrypted(decrypter, keyIds, source, what) };
}

async function* decrypted(
  decrypter: Decrypter,
  keyIds: readonly string[],
  source: AsyncIterable<Buffer>,
  what: { readonly object: string; readonly keyIds?: readonly string[] },
): AsyncGenerator<Buffer, void, undefined> {
  let failure: { readonly error: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* source;
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    yield* buffers(await decrypter.decrypt(streamOf(watched())));
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    const needed = what.keyIds === undefined ? 'other keys' : `the keys ${what.keyIds.join(', ')}`;
    if (error instanceof Error && error.message.startsWith('no identity matched')) {
      throw new AgentError(
        'DECRYPTION_KEY_WRONG',
        `${what.object} was encrypted for ${needed}; the identities that were given are of ${keyIds.join(', ')}.`,
        { remedy: 'Give the file with the identity of one of those keys.' },
      );
    }
    throw new AgentError(
      'DECRYPTION_FAILED',
      `${what.object} cannot be decrypted: it was cut off or changed, or it is not encrypted with age.`,
      { remedy: 'Run `backup verify`: it says what is lost with it, and which chain is whole.', cause: error },
    );
  }
}

function streamOf(source: AsyncIterable<Buffer>): ReadableStream<Uint8Array> {
  return ReadableStream.from(source);
}

async function* buffers(stream: ReadableStream<Uint8Array>): AsyncGenerator<Buffer, void, undefined> {
  for await (const { buffer, byteOffset, length } of stream) {
    if (length > 0) yield Buffer.from(buffer, byteOffset, length);
  }
}

function recipientUnreadable(what: string): AgentError {
  return new AgentError('RECIPIENT_UNREADABLE', `Of the recipients of backups ${what}.`, {
    remedy: 'Give recipients as `age-keygen -y` prints them, beginning with age1.',
  });
}

function identityUnreadable(what: string): AgentError {
  return new AgentError('IDENTITY_UNREADABLE', `Of the identities for backups ${what}.`, {
    remedy: 'Give the file that `age-keygen` wrote, with lines that begin with AGE-SECRET-KEY-1.',
  });
}
