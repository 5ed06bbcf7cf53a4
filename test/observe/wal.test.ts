import { describe, expect, test } from 'vitest';
import { walCollector, walMetricFamilies } from '../../src/observe/wal.ts';
import { pageOf, recordedPage } from '../fixtures/metrics-page.ts';
import { collectOnce } from '../fixtures/sources.ts';

const page = (text: string, readAtMonotonicMs: number) => ({
  metricsPage: async () => pageOf(text, readAtMonotonicMs),
});

describe.each(['3.4.23', '3.5.30'])('on recorded pages of etcd %s', (version) => {
  const [earlier, later] = [recordedPage(version), recordedPage(`${version}-later`)];

  test('the first round has no earlier one to compare latencies with', async () => {
    expect(await collectOnce(walCollector(), page(earlier, 0))).toEqual({ defragInflight: false, compactRevision: 0n });
  });

  test('tells that etcd is defragmenting, and up to where it has compacted', async () => {
    const busy = earlier
      .replace(/^etcd_disk_defrag_inflight .*$/m, 'etcd_disk_defrag_inflight 1')
      .replace(/^etcd_debugging_mvcc_compact_revision .*$/m, 'etcd_debugging_mvcc_compact_revision 1.234567e+06');
    expect(await collectOnce(walCollector(), page(busy, 0))).toEqual({
      defragInflight: true,
      compactRevision: 1_234_567n,
    });
  });

  test('says nothing of what the page does not have', async () => {
    const bare = earlier.replace(/^.*(defrag_inflight|mvcc_compact_revision).*$/gm, '');
    expect(await collectOnce(walCollector(), page(bare, 0))).toEqual({});
  });

  test('the second tells the quantiles of what came between', async () => {
    const wal = walCollector();
    await collectOnce(wal, page(earlier, 1000));
    const section = await collectOnce(wal, page(later, 11_000));
    expect(section.intervalSeconds).toBe(10);
    expect(section.walFsyncsInInterval).toBeGreaterThanOrEqual(20);
    expect(section.backendCommitsInInterval).toBeGreaterThan(0);
    for (const p99 of [section.walFsyncP99Seconds, section.backendCommitP99Seconds]) {
      expect(p99).toBeGreaterThan(0);
      expect(p99).toBeLessThan(0.1);
    }
  });

  test('an interval without any fsync has no quantile', async () => {
    const wal = walCollector();
    await collectOnce(wal, page(later, 0));
    expect(await collectOnce(wal, page(later, 5000))).toEqual({
      intervalSeconds: 5,
      walFsyncsInInterval: 0,
      backendCommitsInInterval: 0,
      defragInflight: false,
    });
  });

  test('after a restart of etcd it begins anew, also where the counts have come past the old ones', async () => {
    const wal = walCollector();
    await collectOnce(wal, page(earlier, 0));
    const restarted = later.replace(/^process_start_time_seconds .*$/m, 'process_start_time_seconds 1.9e+09');
    expect(await collectOnce(wal, page(restarted, 5000))).not.toHaveProperty('intervalSeconds');
    const withoutStart = (text: string) => text.replace(/^process_start_time_seconds .*$/m, '');
    await collectOnce(wal, page(withoutStart(later), 10_000));
    expect(await collectOnce(wal, page(withoutStart(earlier), 15_000))).not.toHaveProperty('intervalSeconds');
    expect(await collectOnce(wal, page(withoutStart(later), 20_000))).toMatchObject({ intervalSeconds: 5 });
  });

  test('all families that it names are on the page', () => {
    for (const family of walMetricFamilies) expect(earlier).toContain(`# TYPE ${family} `);
  });
});

test('a round whose page could not be read fails, and the next one spans the gap', async () => {
  const wal = walCollector();
  await collectOnce(wal, page(recordedPage('3.5.30'), 0));
  await expect(
    collectOnce(wal, { metricsPage: () => Promise.reject(new Error('connection refused')) }),
  ).rejects.toThrow();
  expect(await collectOnce(wal, page(recordedPage('3.5.30-later'), 20_000))).toMatchObject({ intervalSeconds: 20 });
});

test('a page of something else is a fault rather than zero', async () => {
  const ofSomethingElse = page('process_start_time_seconds 1.9e+09\nup 1\n', 0);
  await expect(collectOnce(walCollector(), ofSomethingElse)).rejects.toMatchObject({ code: 'ETCD_METRICS_GARBLED' });
});
