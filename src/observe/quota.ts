import { QuotaForecast } from '../cluster/growth.ts';
import type { QuotaSection, QuotaSource } from '../cluster/sections.ts';
import type { MetricsPage, StatusReply } from '../etcd/types.ts';
import type { Collector } from './collector.ts';

const quotaGauge = 'etcd_server_quota_backend_bytes';

/** Families of etcd's own page that `quotaCollector` reads. */
export const quotaMetricFamilies: readonly string[] = [quotaGauge];

/** What etcd takes for a quota of 0 (`DefaultQuotaBytes` of its server package). */
const etcdDefaultQuotaBytes = 2 * 1024 ** 3;

export interface QuotaOptions {
  /** `--quota-backend-bytes` of the running etcd: 0 where its command line has none, undefined where that is not known. */
  readonly flagBytes?: () => number | undefined;
  /** Monotonic clock in ms; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * The own member's quota, how much of it is used, and when it will be full (`QuotaForecast` says how). The quota is
 * what Status says (etcd >= 3.6), else etcd's page, else its flag.
 */
export function quotaCollector(options: QuotaOptions = {}): Collector<'quota'> {
  const now = options.now ?? (() => performance.now());
  const forecast = new QuotaForecast();
  return {
    name: 'quota',
    collect: async ({ sources }) => {
      const status = await sources.status();
      // Status says it all where etcd is new enough; where the page cannot be read, the flag is the next best.
      const page =
        status.dbSizeQuotaBytes === undefined ? await sources.metricsPage().catch(() => undefined) : undefined;
      const quota = quotaOf(status, page, options.flagBytes);
      const { dbSizeBytes, dbSizeInUseBytes } = status;
      const limit = quota.source === 'disabled' ? { quotaBytes: Number.POSITIVE_INFINITY } : quotaBytesOf(quota);
      forecast.add({ atSeconds: now() / 1000, dbSizeBytes, dbSizeInUseBytes, ...limit });
      return {
        ...quotaBytesOf(quota),
        ...(quota.bytes === undefined ? {} : { usedRatio: dbSizeBytes / quota.bytes }),
        quotaSource: quota.source,
        dbSizeBytes,
        dbSizeInUseBytes,
        fragmentationRatio: dbSizeBytes > 0 ? Math.max(0, 1 - dbSizeInUseBytes / dbSizeBytes) : 0,
        ...forecast.estimate(),
      } satisfies QuotaSection;
    },
  };
}

interface Quota {
  /** Absent when it is disabled or unknown. */
  readonly bytes?: number;
  readonly source: QuotaSource;
}

function quotaOf(
  status: StatusReply,
  page: MetricsPage | undefined,
  flag: (() => number | undefined) | undefined,
): Quota {
  const said: readonly [QuotaSource, number | undefined][] = [
    ['status', status.dbSizeQuotaBytes],
    ['metrics', page?.samples.get(quotaGauge)?.[0]?.value],
    ['flag', flag?.()],
  ];
  for (const [source, bytes] of said) {
    if (bytes === undefined || Number.isNaN(bytes)) continue;
    if (bytes < 0) return { source: 'disabled' };
    return bytes === 0 ? { bytes: etcdDefaultQuotaBytes, source: 'default' } : { bytes, source };
  }
  return { source: 'unknown' };
}

function quotaBytesOf({ bytes }: Quota): { readonly quotaBytes?: number } {
  return bytes === undefined ? {} : { quotaBytes: bytes };
}
