import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TlsCredentials } from '../../src/observe/tls-credentials.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../real/certificates.ts';

let folder: string;
let first: KeyPair;
let second: KeyPair;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-credentials-'));
  const authority = await createAuthority(folder);
  first = await issueCertificate(folder, authority, 'first');
  second = await issueCertificate(folder, authority, 'second');
});

afterAll(() => rm(folder, { recursive: true }));

test('credentials are read once, and again when a file has changed', async () => {
  const own = { cert: join(folder, 'own.crt'), key: join(folder, 'own.key') };
  await copyFile(first.cert, own.cert);
  await copyFile(first.key, own.key);
  const credentials = new TlsCredentials(own);
  const before = await credentials.current();
  expect((await credentials.current()).context).toBe(before.context);
  await copyFile(second.cert, own.cert);
  // The key is still the old one: the pair from before goes on being used.
  expect((await credentials.current()).context).toBe(before.context);
  await copyFile(second.key, own.key);
  const after = await credentials.current();
  expect(after.context).not.toBe(before.context);
  expect(after.hasCertificate).toBe(true);
});

test('files that never could be used are an error with what to do, and without what is in them', async () => {
  const missing = new TlsCredentials({ ca: join(folder, 'missing.crt') });
  await expect(missing.current()).rejects.toMatchObject({ code: 'TLS_FILES', remedy: expect.any(String) });
  const mixed = new TlsCredentials({ cert: first.cert, key: second.key });
  await expect(mixed.current()).rejects.toMatchObject({
    code: 'TLS_FILES',
    message: expect.not.stringContaining('BEGIN'),
  });
});

test('without files nothing is verified and nothing is shown', async () => {
  expect(await new TlsCredentials().current()).toMatchObject({ verifies: false, hasCertificate: false });
});
