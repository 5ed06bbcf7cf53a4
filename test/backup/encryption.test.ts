import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decryptionWith, encryptionFor, keyIdOf } from '../../src/backup/encryption.ts';
import { decryptionFromFiles, encryptionFromFile } from '../../src/backup/key-files.ts';

async function* pieces(bytes: Buffer, pieceBytes = 50_000): AsyncGenerator<Buffer, void, undefined> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function all(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const got: Buffer[] = [];
  for await (const piece of stream) got.push(piece);
  return Buffer.concat(got);
}

const what = { object: 'full/x' };
let folder: string;
let identity: string;
let recipient: string;
let other: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-age-'));
  identity = await generateX25519Identity();
  other = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe('what is encrypted', () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 1_000_000])('comes back as it was, at %i bytes', async (bytes) => {
    const plain = randomBytes(bytes);
    const encrypted = await all((await encryptionFor([recipient])).encrypt(pieces(plain)));
    expect(encrypted.includes(plain.subarray(0, 64)) && bytes > 1).toBe(false);
    const decryption = await decryptionWith([identity]);
    expect((await all(decryption.decrypt(pieces(encrypted), what))).equals(plain)).toBe(true);
  });

  test.each([0, 1, 65_535, 65_536, 65_537, 131_072, 20_000_000])(
    'is read by anybody who reads age, and the other way round, at %i bytes',
    async (bytes) => {
      const plain = randomBytes(bytes);
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      const encrypted = await all((await encryptionFor([recipient])).encrypt(pieces(plain)));
      expect(Buffer.from(await decrypter.decrypt(encrypted)).equals(plain)).toBe(true);
      const encrypter = new Encrypter();
      encrypter.addRecipient(await identityToRecipient(other));
      encrypter.addRecipient(recipient);
      const theirs = Buffer.from(await encrypter.encrypt(plain));
      expect((await all((await decryptionWith([identity])).decrypt(pieces(theirs, 65_552), what))).equals(plain)).toBe(
        true,
      );
    },
  );

  test('is read by each of its recipients, and after a change of keys with the old and the new identity', async () => {
    const encryption = await encryptionFor([recipient, await identityToRecipient(other)]);
    expect(encryption.keyIds).toEqual([keyIdOf(recipient), keyIdOf(await identityToRecipient(other))]);
    const encrypted = await all(encryption.encrypt(pieces(Buffer.from('plain'))));
    for (const identities of [[identity], [other], [await generateX25519Identity(), other]]) {
      const decryption = await decryptionWith(identities);
      expect((await all(decryption.decrypt(pieces(encrypted), what))).toString()).toBe('plain');
    }
  });

  test('is not read with another identity: the error names the keys and no secret', async () => {
    const encryption = await encryptionFor([recipient]);
    const encrypted = await all(encryption.encrypt(pieces(Buffer.from('plain'))));
    const decryption = await decryptionWith([other]);
    const reading = all(decryption.decrypt(pieces(encrypted), { object: 'full/x', keyIds: encryption.keyIds }));
    const error: unknown = await reading.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'DECRYPTION_KEY_WRONG' });
    expect(String(error)).toContain(encryption.keyIds[0]);
    expect(String(error)).toContain(decryption.keyIds[0]);
    expect(String(error)).not.toContain('SECRET');
  });

  test('is not read where a bit of it is another one or some of it is missing', async () => {
    const encrypted = await all((await encryptionFor([recipient])).encrypt(pieces(randomBytes(200_000))));
    const decryption = await decryptionWith([identity]);
    const flipped = Buffer.from(encrypted);
    flipped.writeUInt8(flipped.readUInt8(150_000) ^ 1, 150_000);
    const pieceEnd = encrypted.length - (200_000 % 65_536) - 16;
    const damaged = [
      flipped,
      encrypted.subarray(0, 150_000),
      // Exactly behind a piece, and with nothing, but a piece that was never the last, behind the header.
      encrypted.subarray(0, pieceEnd),
      encrypted.subarray(0, pieceEnd - 65_552),
      encrypted.subarray(0, encrypted.indexOf('\n--- ') + 49 + 16),
      Buffer.concat([encrypted, encrypted.subarray(-16)]),
      encrypted.subarray(0, 10),
      Buffer.from('no age at all'),
      randomBytes(2_000_000),
      Buffer.alloc(0),
    ];
    for (const bytes of damaged) {
      await expect(all(decryption.decrypt(pieces(bytes), what))).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    }
  });

  test('does not end cleanly where its source fails', async () => {
    const failing = async function* (): AsyncGenerator<Buffer, void, undefined> {
      yield randomBytes(100_000);
      throw Object.assign(new Error('here'), { code: 'EHERE' });
    };
    const encryption = await encryptionFor([recipient]);
    await expect(all(encryption.encrypt(failing()))).rejects.toMatchObject({ code: 'EHERE' });
    const encrypted = await all(encryption.encrypt(pieces(randomBytes(300_000))));
    const cut = async function* (): AsyncGenerator<Buffer, void, undefined> {
      yield encrypted.subarray(0, 200_000);
      throw Object.assign(new Error('here'), { code: 'EHERE' });
    };
    const decryption = await decryptionWith([identity]);
    await expect(all(decryption.decrypt(cut(), what))).rejects.toMatchObject({ code: 'EHERE' });
  });

  test('a consumer that leaves early lets the source go', async () => {
    let released = false;
    const source = async function* (): AsyncGenerator<Buffer, void, undefined> {
      try {
        for (;;) yield randomBytes(100_000);
      } finally {
        released = true;
      }
    };
    const encrypting = (await encryptionFor([recipient])).encrypt(source());
    await encrypting.next();
    await encrypting.next();
    expect(released).toBe(false);
    await encrypting.return();
    await expect.poll(() => released).toBe(true);
  });
});

describe('files of keys', () => {
  test('are read as age-keygen writes them', async () => {
    const recipients = await file(
      'recipients',
      `# for the vault\n${recipient}\r\n\n  ${await identityToRecipient(other)}  \n`,
    );
    const identities = await file('identities', `# created: today\n# public key: ${recipient}\n${identity}\n`);
    const encryption = await encryptionFromFile(recipients);
    expect(encryption.keyIds).toHaveLength(2);
    const encrypted = await all(encryption.encrypt(pieces(Buffer.from('plain'))));
    const decryption = await decryptionFromFiles([await file('older', await generateX25519Identity()), identities]);
    expect(decryption.keyIds[1]).toBe(encryption.keyIds[0]);
    expect((await all(decryption.decrypt(pieces(encrypted), what))).toString()).toBe('plain');
  });

  test('an identity among the recipients is refused, and no secret is ever repeated', async () => {
    const mixed = await file('mixed', `${recipient}\n${identity}\n`);
    const broken = await file('broken', `${identity.slice(0, -1)}\n`);
    const errors: unknown[] = [];
    const keep = (error: unknown): void => {
      errors.push(error);
    };
    await encryptionFromFile(mixed).catch(keep);
    await decryptionFromFiles([broken]).catch(keep);
    await encryptionFor([identity]).catch(keep);
    expect(errors).toMatchObject([
      { code: 'RECIPIENT_UNREADABLE', message: expect.stringContaining('Line 2') },
      { code: 'IDENTITY_UNREADABLE' },
      { code: 'RECIPIENT_UNREADABLE' },
    ]);
    for (const error of errors) {
      const { message, remedy, cause } = error as { message: string; remedy: string; cause?: unknown };
      expect(`${message} ${remedy} ${String(cause)}`).not.toContain(identity.slice(16, -1));
    }
  });

  test('one that is missing or holds nothing is refused', async () => {
    const empty = await file('empty', '# nothing\n');
    await expect(encryptionFromFile(empty)).rejects.toMatchObject({ code: 'RECIPIENT_UNREADABLE' });
    await expect(decryptionFromFiles([empty])).rejects.toMatchObject({ code: 'IDENTITY_UNREADABLE' });
    await expect(decryptionFromFiles([join(folder, 'none')])).rejects.toMatchObject({ code: 'IDENTITY_UNREADABLE' });
  });
});
