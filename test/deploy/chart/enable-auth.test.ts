import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cluster, clusterWithAll } from './cases.ts';
import { helm, rendered } from './helm.ts';
import { objectOf, podOf } from './objects.ts';

/** Runs the Job's script with a stand-in for etcdctl, which writes down how it was called and knows the user root or not. */
function calls(knowsRoot: boolean): { readonly status: number | null; readonly log: string } {
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
    writeFileSync(join(folder, 'password'), 'secret\n');
    const [shell = '', flags = '', script = ''] =
      podOf(objectOf(rendered(clusterWithAll), 'Job'))?.containers[0]?.command ?? [];
    const here = script.replace('/etc/etcd-caretaker-auth/password', join(folder, 'password'));
    const { status } = spawnSync(shell, [flags, here], { env: { PATH: `${folder}:${process.env['PATH']}` } });
    return { status, log: readFileSync(log, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(helm === undefined)('the Job that switches authentication on', () => {
  test('adds the user root where there is none, with the password on stdin and in no argument', () => {
    expect(calls(false)).toEqual({
      status: 0,
      log: [
        'endpoint health user= password=',
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

  test('is there only where there is a password', () => {
    expect(rendered(cluster).map(({ kind }) => kind)).not.toContain('Job');
  });
});
