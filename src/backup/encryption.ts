import { createHash, randomBytes } from 'node:crypto';
import type { Decrypter } from 'age-encryption';
import { AgentError } from '../cluster/agent-error.ts';
import { endOfHeader, openHeader, sealHeader } from './age/header.ts';
import { opened, PAYLOAD_NONCE_BYTES, PayloadDamaged, payloadKey, sealed } from './age/payload.ts';

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
  if (recipients.length === 0) throw recipientUnreadable('there is none');
  for (const [index, recipient] of recipients.entries()) {
    await sealHeader([recipient]).catch(() => {
      // Somebody may have given an identity in its place: nothing of it is repeated.
      throw recipientUnreadable(`number ${index + 1} is none`);
    });
  }
  return {
    keyIds: recipients.map(keyIdOf),
    encrypt: async function* (source) {
      const { header, fileKey } = await sealHeader(recipients);
      const nonce = randomBytes(PAYLOAD_NONCE_BYTES);
      yield Buffer.concat([header, nonce]);
      yield* sealed(source, payloadKey(fileKey, nonce));
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
  const rest = source[Symbol.asyncIterator]();
  try {
    const { header, behind } = await readHeader(rest, what.object);
    const fileKey = await openHeader(decrypter, header).catch((error: unknown) => {
      if (error instanceof Error && error.message.startsWith('no identity matched')) {
        throw wrongKey(what.object, what.keyIds, keyIds);
      }
      throw damaged(what.object, error);
    });
    const key = payloadKey(fileKey, behind.subarray(0, PAYLOAD_NONCE_BYTES));
    yield* opened(continued(behind.subarray(PAYLOAD_NONCE_BYTES), rest), key);
  } catch (error) {
    throw error instanceof PayloadDamaged ? damaged(what.object, error) : error;
  } finally {
    await rest.return?.();
  }
}

/** Reads until the header and the nonce behind it are there. */
async function readHeader(
  source: AsyncIterator<Buffer>,
  object: string,
): Promise<{ readonly header: Buffer; readonly behind: Buffer }> {
  let bytes: Buffer = Buffer.alloc(0);
  for (;;) {
    const end = headerEnd(bytes, object);
    if (end !== undefined && bytes.length >= end + PAYLOAD_NONCE_BYTES) {
      return { header: bytes.subarray(0, end), behind: bytes.subarray(end) };
    }
    const next = await source.next();
    if (next.done === true) throw damaged(object, new Error('it ends within its header'));
    bytes = Buffer.concat([bytes, next.value]);
  }
}

function headerEnd(bytes: Buffer, object: string): number | undefined {
  try {
    return endOfHeader(bytes);
  } catch (error) {
    throw damaged(object, error);
  }
}

async function* continued(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function wrongKey(object: string, needed: readonly string[] | undefined, given: readonly string[]): AgentError {
  const keys = needed === undefined ? 'other keys' : `the keys ${needed.join(', ')}`;
  return new AgentError(
    'DECRYPTION_KEY_WRONG',
    `${object} was encrypted for ${keys}; the identities that were given are of ${given.join(', ')}.`,
    { remedy: 'Give the file with the identity of one of those keys.' },
  );
}

function damaged(object: string, cause: unknown): AgentError {
  return new AgentError(
    'DECRYPTION_FAILED',
    `${object} cannot be decrypted: it was cut off or changed, or it is not encrypted with age.`,
    { remedy: 'Run `backup verify`: it says what is lost with it, and which chain is whole.', cause },
  );
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
