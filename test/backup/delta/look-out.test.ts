import { describe, expect, test } from 'vitest';
import type { CaptureClient } from '../../../src/backup/delta/capture-client.ts';
import { lookOut } from '../../../src/backup/delta/look-out.ts';
import { EtcdError } from '../../../src/etcd/errors.ts';

/** A member of etcd 3.4 that is at this revision. */
const memberAt = (revision: () => bigint): CaptureClient => ({
  status: async () => ({
    header: { clusterId: 'c', memberId: 'm', revision: revision(), raftTerm: 1n },
    version: '3.4.23',
    dbSizeBytes: 0,
    dbSizeInUseBytes: 0,
    leaderId: '1',
    raftIndex: 1n,
    raftTerm: 1n,
    raftAppliedIndex: 1n,
    errors: [],
    isLearner: false,
  }),
  authStatus: () => Promise.reject(new EtcdError('ETCD_UNSUPPORTED', 'no such call')),
  watch: () => Promise.reject() as never,
  range: () => Promise.reject(),
  leaseTimes: () => Promise.reject(),
});

/** Looks until it throws, or the member has been looked at so often. */
const look = async (seen: (looks: number) => bigint, { blocked = false, times = 20 } = {}): Promise<string> => {
  const ending = new AbortController();
  let looks = 0;
  const client = memberAt(() => {
    looks += 1;
    if (looks >= times) ending.abort();
    return 10n + BigInt(looks);
  });
  return await lookOut(
    {
      client,
      everyMs: 1,
      silentAfterMs: 5,
      seen: () => seen(looks),
      blocked: () => blocked,
      protectedAuthRevision: () => undefined,
      found: () => undefined,
      tell: () => undefined,
    },
    ending.signal,
  ).then(
    () => 'fine',
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'other'),
  );
};

describe('a watch that tells nothing', () => {
  test('is begun anew where the member has long had more', async () => {
    expect(await look(() => 9n, { times: 100_000 })).toBe('WATCH_SILENT');
  });

  test('is left alone where it only lags, and where nothing could be taken in', async () => {
    expect(await look((looks) => 9n + BigInt(looks))).toBe('fine');
    expect(await look(() => 9n, { blocked: true })).toBe('fine');
  });
});
