import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  certificatesIn,
  PemError,
  type PemFile,
  type PemFiles,
  secureContextOf,
} from '../../src/pem/secure-context.ts';
import { issueUnusual } from '../observe/x509/issue.ts';
import { createAuthority, issueCertificate } from '../real/certificates.ts';

const garbage: PemFile = { name: '/etc/passwd', pem: 'root:x:0:0:hunter2' };
let folder: string;
const files = new Map<string, PemFile>();

/** A file that was made, under its name. */
const file = (name: string): PemFile => files.get(name) ?? { name, pem: '' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-pem-'));
  const authority = await createAuthority(folder);
  await issueCertificate(folder, authority, 'one');
  await issueCertificate(folder, authority, 'other');
  await issueUnusual(folder, authority, 'weak', { rsaBits: 1024 });
  for (const name of ['ca.crt', 'one.crt', 'one.key', 'other.key', 'weak.crt', 'weak.key']) {
    files.set(name, { name, pem: await readFile(join(folder, name)) });
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const faultOf = (given: PemFiles): PemError => {
  try {
    secureContextOf(given);
  } catch (error) {
    if (error instanceof PemError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

describe('PEM files', () => {
  test('that belong together make a secure context, and so does none', () => {
    const all = { ca: file('ca.crt'), cert: file('one.crt'), key: file('one.key') };
    for (const given of [all, {}, { ca: all.ca }]) {
      expect(secureContextOf(given)).toHaveProperty('context');
      expect(secureContextOf(given, 'nobody')).toHaveProperty('context');
    }
  });

  test.each<[string, () => PemFiles, keyof PemFiles, string]>([
    ['a CA that is none', () => ({ ca: garbage }), 'ca', '/etc/passwd holds no certificate in PEM form'],
    ['an empty CA', () => ({ ca: { name: 'e', pem: Buffer.from('') } }), 'ca', 'e holds no certificate in PEM form'],
    [
      'a certificate that is none',
      () => ({ cert: garbage, key: file('one.key') }),
      'cert',
      '/etc/passwd holds no certificate in PEM form',
    ],
    [
      'a key that is none',
      () => ({ cert: file('one.crt'), key: garbage }),
      'key',
      '/etc/passwd holds no private key in PEM form without a password',
    ],
    [
      'an empty key',
      () => ({ cert: file('one.crt'), key: { name: 'e', pem: '' } }),
      'key',
      'e holds no private key in PEM form without a password',
    ],
    [
      'a key of another certificate',
      () => ({ cert: file('one.crt'), key: file('other.key') }),
      'key',
      'the key other.key does not belong to the certificate one.crt',
    ],
    [
      'a key that is too weak',
      () => ({ cert: file('weak.crt'), key: file('weak.key') }),
      'cert',
      'TLS does not accept weak.crt and weak.key: ee key too small',
    ],
  ])('%s are refused in words, without what is in them', (_name, given, which, message) => {
    expect(faultOf(given())).toMatchObject({ code: 'TLS_FILES_INVALID', file: which, message });
    expect(faultOf(given()).remedy).toContain('PEM');
    expect(faultOf(given()).message).not.toMatch(/hunter2|error:|::/);
  });

  test('are counted with the blocks that are broken', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const { certificates, brokenBlocks } = certificatesIn(`${file('ca.crt').pem}${broken}${file('one.crt').pem}`);
    expect(certificates.map(({ subject }) => subject)).toEqual(['CN=ca', 'CN=one']);
    expect(brokenBlocks).toBe(1);
  });
});
