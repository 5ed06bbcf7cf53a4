import type { CertificateReading, CertificatesSection } from '../../cluster/sections.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';
import { metricsOf } from './section-metrics.ts';

const { gauge } = metricsOf('certificates');
const labels = ['role', 'subject'];

/** Validity of every certificate in a file that the agent or etcd uses, and of those that endpoints really serve. */
export const certificatesMetrics: readonly MetricFamily[] = [
  gauge(
    'certificate_not_after_seconds',
    'When the certificate expires, in seconds since the epoch; the earliest where several share role and subject.',
    labels,
    earliest(({ notAfterMs }) => notAfterMs),
  ),
  gauge(
    'certificate_not_before_seconds',
    'When the certificate that expires first of its role and subject became valid, in seconds since the epoch.',
    labels,
    earliest(({ notBeforeMs }) => notBeforeMs),
  ),
];

/** One series for each role and subject: the certificate that expires first. */
function earliest(
  readMs: (certificate: CertificateReading) => number,
): (section: CertificatesSection) => readonly MetricSeries[] {
  return ({ certificates }) =>
    [...Map.groupBy(certificates, ({ role, subject }) => JSON.stringify([role, subject])).values()].map((same) => {
      const first = same.reduce((a, b) => (b.notAfterMs < a.notAfterMs ? b : a));
      return { labels: { role: first.role, subject: first.subject }, value: readMs(first) / 1000 };
    });
}
