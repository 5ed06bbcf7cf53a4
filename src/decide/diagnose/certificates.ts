import type { Cause } from '../../cluster/diagnosis.ts';
import type { CertificateReading } from '../../cluster/sections.ts';
import { formatSpan } from '../../cluster/units.ts';
import type { Window } from './window.ts';

/** Soon is a fifth of its life before the end, which rotation does not leave over, and a week at most. */
const soonShare = 0.2;
const soonAtMostMs = 7 * 86_400_000;

/** Certificates that are past their end, or near it. Each verdict once, with all of its certificates. */
export function certificateCauses(window: Window): readonly Cause[] {
  const { member, atMs, values } = window.newest;
  const all = values.certificates?.certificates ?? [];
  const expired = all.filter(({ notAfterMs }) => notAfterMs <= atMs);
  const soon = all.filter((each) => each.notAfterMs > atMs && each.notAfterMs - atMs <= soonMs(each));
  const firstStep =
    'Issue new ones from the same CA and put them in place: etcd reads renewed files by itself, a renewed CA needs a restart.';
  return [
    ...(expired.length === 0
      ? []
      : [
          {
            verdict: 'certificate-expired' as const,
            member,
            confidence: 'certain' as const,
            evidence: unique(
              expired.map((each) => `${nameOf(each)} expired ${formatSpan((atMs - each.notAfterMs) / 1000)} ago`),
            ),
            firstStep,
          },
        ]),
    ...(soon.length === 0
      ? []
      : [
          {
            verdict: 'certificate-expiring' as const,
            member,
            confidence: 'certain' as const,
            evidence: unique(
              soon.map((each) => `${nameOf(each)} expires in ${formatSpan((each.notAfterMs - atMs) / 1000)}`),
            ),
            firstStep,
          },
        ]),
  ];
}

function soonMs({ notBeforeMs, notAfterMs }: CertificateReading): number {
  return Math.min(soonShare * (notAfterMs - notBeforeMs), soonAtMostMs);
}

function nameOf({ role, subject, source }: CertificateReading): string {
  return `the ${role} certificate ${subject} (${source})`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
