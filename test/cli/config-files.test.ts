import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileProblems } from '../../src/cli/config-files.ts';
import { formatProblem } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createAuthority, issueCertificate } from '../real/certificates.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-files-'));
  const authority = await createAuthority(folder);
  await issueCertificate(folder, authority, 'one');
  await issueCertificate(folder, authority, 'other');
  await writeFile(at('garbage'), 'hunter2');
  await writeFile(at('empty'), '\n');
  await writeFile(at('token'), 'a-token-that-is-long-enough\n');
  await writeFile(at('password'), 'hunter2\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Lines of the problems that the files have which these keys name, without the folder. */
const problemsOf = async (keys: Readonly<Record<string, string>>): Promise<readonly string[]> => {
  const needed = {
    'member.name': 'm1',
    'member.dataDir': '/var/lib/etcd',
    'member.endpoint': 'https://127.0.0.1:2379',
  };
  const problems = await fileProblems(await loadConfig({ env: {}, flags: { ...needed, ...keys } }));
  return problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, ''));
};

const unreadable = 'correct the path, or let the user that the agent runs as read the file';
const pem = 'all are PEM, without a passphrase, and the key is that of the first certificate in the file';

describe('the files that a configuration names', () => {
  test('are no problem where they are good, or none is named', async () => {
    expect(await problemsOf({})).toEqual([]);
    const tls = (section: string) => ({ [`${section}.cert`]: at('one.crt'), [`${section}.key`]: at('one.key') });
    const all = {
      ...tls('cluster.tls'),
      ...tls('cluster.peerTls'),
      ...tls('expose.tls'),
      'cluster.tls.ca': at('ca.crt'),
      'cluster.peerTls.ca': at('ca.crt'),
      'expose.tls.clientCa': at('ca.crt'),
      'expose.auth.tokenFile': at('token'),
      'cluster.auth.username': 'root',
      'cluster.auth.passwordFile': at('password'),
    };
    expect(await problemsOf(all)).toEqual([]);
  });

  test('and cannot be read are problems of their keys, all of them at once', async () => {
    const keys = ['cluster.tls.ca', 'cluster.peerTls.ca', 'expose.auth.tokenFile'];
    expect(await problemsOf(Object.fromEntries(keys.map((key) => [key, '/nope'])))).toEqual(
      keys.map((key) => `--set ${key}: /nope cannot be read: there is no such file; ${unreadable}`),
    );
    expect(await problemsOf({ 'cluster.tls.ca': '/tmp' })).toEqual([
      `--set cluster.tls.ca: /tmp cannot be read: it is not a file; ${unreadable}`,
    ]);
  });

  test('and hold something else are problems that show nothing of what is in them', async () => {
    const pair = { 'expose.tls.cert': at('one.crt'), 'expose.tls.key': at('garbage') };
    expect(await problemsOf({ ...pair, 'expose.tls.clientCa': at('garbage') })).toEqual([
      `--set expose.tls.key: garbage holds no private key in PEM form without a password; ${pem}`,
      `--set expose.tls.clientCa: garbage holds no certificate in PEM form; ${pem}`,
    ]);
    expect(
      await problemsOf({
        'cluster.auth.username': 'root',
        'cluster.auth.passwordFile': at('empty'),
        'expose.auth.tokenFile': at('garbage'),
      }),
    ).toEqual([
      '--set cluster.auth.passwordFile: empty holds no password: it is empty; write the password into it, and nothing else',
      '--set expose.auth.tokenFile: The token in garbage is not one word of 16 characters or more; write a random one: openssl rand -hex 32',
    ]);
  });

  test('and do not belong together are a problem of the key', async () => {
    expect(await problemsOf({ 'cluster.tls.cert': at('one.crt'), 'cluster.tls.key': at('other.key') })).toEqual([
      `--set cluster.tls.key: the key other.key does not belong to the certificate one.crt; ${pem}`,
    ]);
  });
});
