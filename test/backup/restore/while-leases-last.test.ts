import { expect, test, vi } from 'vitest';
import { whileLeasesLast } from '../../../src/backup/restore/while-leases-last.ts';
import { EtcdError } from '../../../src/etcd/errors.ts';

const notFound = new EtcdError('ETCD_REFUSED', 'etcdserver: requested lease not found', {});
const expired = new EtcdError('ETCD_LEASE_LOST', 'lease 7 has expired', {});

test('a lease that expired in the scratch, whoever says so, has it begun anew', async () => {
  const attempt = vi
    .fn<() => Promise<string>>()
    .mockRejectedValueOnce(notFound)
    .mockRejectedValueOnce(expired)
    .mockResolvedValue('done');
  expect(await whileLeasesLast(attempt)).toBe('done');
  expect(attempt).toHaveBeenCalledTimes(3);
});

test('where it always expires it is given up, and said why', async () => {
  await expect(whileLeasesLast(() => Promise.reject(notFound))).rejects.toMatchObject({
    code: 'ETCD_LEASE_LOST',
    remedy: expect.stringContaining('CPU'),
  });
});

test('anything else is not tried again', async () => {
  const attempt = vi.fn(() => Promise.reject(new EtcdError('ETCD_REFUSED', 'no', {})));
  await expect(whileLeasesLast(attempt)).rejects.toMatchObject({ code: 'ETCD_REFUSED' });
  expect(attempt).toHaveBeenCalledTimes(1);
});
