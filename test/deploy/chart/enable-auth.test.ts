import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startCluster } from '../../real/cluster.ts';
import { cluster, clusterWithAll } from './cases.ts';
import { helm, rendered } from './helm.ts';
import { objectOf, podOf } from './objects.ts';

/** Runs the Job's script with this password and the etcdctl of a folder. */
function enabled(folder: string, password: string, env: NodeJS.ProcessEnv = {}) {
  writeFileSync(join(folder, 'password'), password);
  const [shell = '', flags = '', script = ''] =
    podOf(objectOf(rendered(clusterWithAll), 'Job'))?.containers[0]?.command ?? [];
  const here = script.replace('/etc/etcd-caretaker-auth/password', join(folder, 'password'));
  const path = `${folder}:${process.env['PATH']}`;
  const { status, stderr } = spawnSync(shell, [flags, here], {
    env: { ...env, PATH: path },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, stderr };
}

/** Runs it with a stand-in for etcdctl, which writes down how it was called and knows the user root or not. */
function calls(knowsRoot: boolean, password = 'secret\n') {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-caretaker-auth-'));
  try {
    const log = join(folder, 'log');
    const etcdctl = `#!/bin/sh
echo "$* user=$ETCDCTL_USER password=$ETCDCTL_PASSWORD" >>${log}
case "$1 $2" in
  'user get') exit ${knowsRoot ? 0 : 1} ;;
  'user add') echo "stdin=$(cat)" >>${log} ;;
esac
`;
    writeFileSync(join(folder, 'etcdctl'), etcdctl);
    chmodSync(join(folder, 'etcdctl'), 0o700);
    writeFileSync(log, '');
    return { ...enabled(folder, password), log: readFileSync(log, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(helm === undefined)('the Job that switches authentication on', () => {
  test('adds the user root where there is none, with the password on stdin and in no argument', () => {
    expect(calls(false)).toEqual({
      ...{ status: 0, stderr: '' },
      log: [
        'endpoint health user=root password=secret',
        'user get root user=root password=secret',
        'user add root --interactive=false user=root password=secret',
        'stdin=secret',
        'auth enable user=root password=secret',
        '',
      ].join('\n'),
    });
  });

  test('done again adds nobody', () => {
    const { status, log } = calls(true);
    expect(status).toBe(0);
    expect(log).not.toContain('user add');
    expect(log).toContain('auth enable');
  });

  test.each([
    ['with a space', 'two words\n'],
    ['with a tab', 'two\twords'],
    ['of two lines', 'two\nwords\n'],
    ['with the end of a line of Windows', 'secret\r\n'],
    ['that is empty', '\n'],
  ])('does nothing with a password %s, of which etcdctl would take a part', (_, password) => {
    const { status, stderr, log } = calls(false, password);
    expect({ status, log }).toEqual({ status: 1, log: '' });
    expect(stderr).toContain('Nothing was changed: put another one into the Secret root-password, password.');
  });

  test('makes the real etcd ask for the password that the agents show, and done again does not mind', async () => {
    await using etcd = await startCluster();
    const folder = mkdtempSync(join(tmpdir(), 'etcd-caretaker-auth-'));
    try {
      symlinkSync(etcd.binaries.etcdctl, join(folder, 'etcdctl'));
      const env = { ETCDCTL_ENDPOINTS: etcd.endpoints.join(), ETCDCTL_API: '3' };
      const password = `a"b'c$d\\e:f`;
      expect(enabled(folder, 'two words', env).status).toBe(1);
      expect(await etcd.etcdctl('user', 'list')).toBe('');
      for (let i = 0; i < 2; i += 1) expect(enabled(folder, `${password}\n`, env)).toMatchObject({ status: 0 });
      await expect(etcd.etcdctl('user', 'list')).rejects.toThrow();
      expect(await etcd.etcdctl('--user=root', `--password=${password}`, 'user', 'list')).toBe('root\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is there only where there is a password', () => {
    expect(rendered(cluster).map(({ kind }) => kind)).not.toContain('Job');
  });
});
