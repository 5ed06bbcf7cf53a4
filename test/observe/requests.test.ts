import { describe, expect, test } from 'vitest';
import { requestMetricFamilies, requestsCollector } from '../../src/observe/requests.ts';
import { pageOf, recordedPage } from '../fixtures/metrics-page.ts';
import { collectOnce } from '../fixtures/sources.ts';

const collect = (text: string) => collectOnce(requestsCollector(), { metricsPage: async () => pageOf(text) });

const handled = (method: string, code: string, type: string, value: number): string =>
  `grpc_server_handled_total{grpc_code="${code}",grpc_method="${method}",grpc_service="etcdserverpb.KV",grpc_type="${type}"} ${value}`;

describe.each(['3.4.23', '3.5.30'])('on a recorded page of etcd %s', (version) => {
  const page = recordedPage(version);

  test('every family but that of snapshots in flight, which comes with the first, is there', () => {
    const missing = requestMetricFamilies.filter((family) => !page.includes(`\n${family}`));
    expect(missing).toEqual(['etcd_network_snapshot_send_inflights_total']);
  });

  test('calls are told by method, with those that clients gave up', async () => {
    const lines = [
      handled('Compact', 'OK', 'unary', 90),
      handled('Compact', 'Canceled', 'unary', 6),
      handled('Compact', 'DeadlineExceeded', 'unary', 4),
      handled('Compact', 'Unknown', 'unary', 2),
      handled('Watch', 'Canceled', 'bidi_stream', 5000),
    ];
    const bare = page.replace(/^grpc_server_handled_total.*$/gm, '');
    expect((await collect(`${bare}\n${lines.join('\n')}\n`)).methods).toEqual([
      { method: 'Compact', handled: 102, deadlineExceeded: 4, canceled: 8 },
    ]);
  });

  test('leases are those that were granted and not revoked, and never fewer than none', async () => {
    const with_ = (granted: number, revoked: number): string =>
      page
        .replace(/^etcd_debugging_lease_granted_total .*$/m, `etcd_debugging_lease_granted_total ${granted}`)
        .replace(/^etcd_debugging_lease_revoked_total .*$/m, `etcd_debugging_lease_revoked_total ${revoked}`);
    expect((await collect(with_(30, 10))).leases).toBe(20);
    expect((await collect(with_(0, 10))).leases).toBe(0);
  });

  test('snapshots to several members are counted together', async () => {
    const line = (to: string): string => `etcd_network_snapshot_send_inflights_total{To="${to}"} 1`;
    expect((await collect(page)).snapshotsInFlight).toBe(0);
    expect((await collect(`${page}\n${line('a')}\n${line('b')}\n`)).snapshotsInFlight).toBe(2);
  });
});

test('a page without calls is not that of an etcd', async () => {
  await expect(collect('up 1\n')).rejects.toMatchObject({ code: 'ETCD_METRICS_GARBLED' });
});
