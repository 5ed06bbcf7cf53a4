import { expect, test } from 'vitest';
import { toolEnvironment } from '../../../src/backup/restore/restorer.ts';

test('what would steer etcd, and what is secret, does not reach it', () => {
  const environment = toolEnvironment({
    PATH: '/bin',
    ETCD_NAME: 'm1',
    ETCDCTL_ENDPOINTS: 'x',
    ETCD_CARETAKER_TOKEN: 'secret',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_PROFILE: 'prod',
  });
  expect(environment).toEqual({ PATH: '/bin', ETCD_UNSUPPORTED_ARCH: process.arch, ETCDCTL_API: '3' });
});
