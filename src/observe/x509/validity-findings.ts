import type { Finding } from '../../cluster/sections.ts';
import { type FoundCertificate, titleOf } from './describe.ts';

const dayMs = 24 * 3600 * 1000;

/** A certificate should be renewed while a fifth of its life is left; below three days somebody must do it by hand. */
const expiringShare = 0.2;
const urgentMs = 3 * dayMs;

/** Less than what NIST SP 800-131A allows since 2014. */
const leastRsaBits = 2048;

/**
 * What is wrong with certificates by themselves: not yet or no longer valid, soon not any more, weak. A certificate that
 * was found in several places gives one finding that names them.
 */
export function validityFindings(found: readonly FoundCertificate[], nowMs: number): readonly Finding[] {
  const byFingerprint = Map.groupBy(found, ({ certificate }) => certificate.fingerprint256);
  return [...byFingerprint.values()].flatMap((places) => {
    const [first] = places;
    if (first === undefined) {
      return [];
    }
    const needed = places.some((place) => !hasValidSibling(place, found, nowMs));
    const text = `The certificate ${titleOf(first.certificate)} (${sourcesOf(places)})`;
    return [...periodFindings(first, text, needed, nowMs), ...weaknessFindings(first, text)];
  });
}

function periodFindings(
  { certificate }: FoundCertificate,
  text: string,
  needed: boolean,
  nowMs: number,
): readonly Finding[] {
  const notBeforeMs = certificate.validFromDate.getTime();
  const notAfterMs = certificate.validToDate.getTime();
  const severity = needed ? 'critical' : 'warning';
  const leftMs = notAfterMs - nowMs;
  if (nowMs < notBeforeMs) {
    return [
      {
        code: 'CERT_NOT_YET_VALID',
        severity,
        message: `${text} is valid only from ${new Date(notBeforeMs).toISOString()} on.`,
        remedy: "Check this machine's clock, and that of the machine that issued the certificate.",
      },
    ];
  }
  if (leftMs <= 0) {
    return [
      {
        code: 'CERT_EXPIRED',
        severity,
        message: `${text} expired on ${new Date(notAfterMs).toISOString()}.`,
        remedy: needed ? 'Renew it now: connections that use it fail.' : 'Take it out of the bundle.',
      },
    ];
  }
  if (leftMs < expiringShare * (notAfterMs - notBeforeMs)) {
    return [
      {
        code: 'CERT_EXPIRING',
        severity: needed && leftMs < urgentMs ? 'critical' : 'warning',
        message: `${text} expires in ${(leftMs / dayMs).toFixed(1)} days, on ${new Date(notAfterMs).toISOString()}.`,
        remedy: 'Renew it. Etcd reads certificates and keys again by itself, but CA files only when it starts.',
      },
    ];
  }
  return [];
}

/** In a bundle of authorities one that has expired does no harm while another one is valid. */
function hasValidSibling(place: FoundCertificate, found: readonly FoundCertificate[], nowMs: number): boolean {
  return (
    !place.isLeaf &&
    found.some(
      ({ source, role, certificate }) =>
        source === place.source &&
        role === place.role &&
        certificate.fingerprint256 !== place.certificate.fingerprint256 &&
        certificate.validFromDate.getTime() <= nowMs &&
        nowMs < certificate.validToDate.getTime(),
    )
  );
}

function weaknessFindings({ certificate }: FoundCertificate, text: string): readonly Finding[] {
  const { modulusLength } = certificate.publicKey.asymmetricKeyDetails ?? {};
  // The signature of a self-signed certificate proves nothing, so its strength does not matter.
  const selfSigned = certificate.subject === certificate.issuer;
  const weaknesses = [
    ...(modulusLength !== undefined && modulusLength < leastRsaBits ? [`its key has ${modulusLength} bits`] : []),
    ...(!selfSigned && /sha-?1(?!\d)|md5/i.test(certificate.signatureAlgorithm ?? '')
      ? [`it is signed with ${certificate.signatureAlgorithm}`]
      : []),
  ];
  return weaknesses.length === 0
    ? []
    : [
        {
          code: 'CERT_WEAK',
          severity: 'warning',
          message: `${text} is weak: ${weaknesses.join(', and ')}.`,
          remedy: 'Issue a new one with an elliptic-curve key, or RSA of at least 2048 bits, signed with SHA-256.',
        },
      ];
}

function sourcesOf(places: readonly FoundCertificate[]): string {
  const sources = [...new Set(places.map(({ source }) => source))];
  const shown = sources.slice(0, 4).join(', ');
  return sources.length > 4 ? `${shown} and ${sources.length - 4} more` : shown;
}
