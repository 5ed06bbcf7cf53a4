import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CertificateRole, Finding } from '../../cluster/sections.ts';
import { type FoundCertificate, titleOf } from './describe.ts';
import type { KeyPurpose } from './file-uses.ts';

/** Whose certificates have to come from whose authorities, as far as the agent knows both. */
const trust: readonly { readonly role: CertificateRole; readonly authorities: CertificateRole; readonly by: string }[] =
  [
    { role: 'client', authorities: 'server-ca', by: 'etcd trusts for clients (--trusted-ca-file)' },
    { role: 'server', authorities: 'client-ca', by: 'the agent trusts for etcd' },
    { role: 'served-client', authorities: 'client-ca', by: 'the agent trusts for etcd' },
    { role: 'peer', authorities: 'peer-ca', by: 'is trusted for peers' },
    { role: 'served-peer', authorities: 'peer-ca', by: 'is trusted for peers' },
  ];

/** Leaf certificates that do not come from the authorities that have to trust them. */
export function trustFindings(found: readonly FoundCertificate[]): readonly Finding[] {
  return trust.flatMap(({ role, authorities, by }) => {
    const trusted = found.filter((each) => each.role === authorities).map(({ certificate }) => certificate);
    if (trusted.length === 0) {
      return [];
    }
    return found
      .filter((each) => each.role === role && each.isLeaf)
      .filter(({ certificate, source }) => {
        const others = found.filter((each) => each.source === source && each.role === role);
        return !comesFrom(
          certificate,
          others.map(({ certificate: other }) => other),
          trusted,
        );
      })
      .map(({ certificate, source }) => ({
        code: 'CERT_CA_MISMATCH',
        severity: 'critical' as const,
        message: `The certificate ${titleOf(certificate)} (${source}) does not come from an authority that ${by}.`,
        remedy: 'Issue it from that authority, add its authority to the CA file, or add the missing intermediate.',
      }));
  });
}

/** No real chain is longer. */
const longestChain = 10;

function comesFrom(
  certificate: X509Certificate,
  intermediates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  depth = 0,
): boolean {
  const isTrusted = authorities.some(
    (authority) => authority.fingerprint256 === certificate.fingerprint256 || issued(authority, certificate),
  );
  return (
    isTrusted ||
    (depth < longestChain &&
      intermediates.some(
        (each) =>
          each.fingerprint256 !== certificate.fingerprint256 &&
          issued(each, certificate) &&
          comesFrom(each, intermediates, authorities, depth + 1),
      ))
  );
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Whether a served certificate is for the host in the endpoint's URL; Go looks at alternative names only. */
export function nameFindings(source: string, leaf: X509Certificate, host: string): readonly Finding[] {
  const matches = isIP(host) === 0 ? leaf.checkHost(host, { subject: 'never' }) : leaf.checkIP(host);
  return matches === undefined
    ? [
        {
          code: 'CERT_NAME_MISMATCH',
          severity: 'warning',
          message: `The certificate ${titleOf(leaf)} that ${source} serves is not for ${host} (subject alternative names: ${leaf.subjectAltName ?? 'none'}).`,
          remedy: `Issue it with ${host} among its subject alternative names, or change the URL in the member list.`,
        },
      ]
    : [];
}

const purposeIds: Readonly<Record<KeyPurpose, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
};
const anyPurposeId = '2.5.29.37.0';

/** Purposes that a certificate has to be good for and excludes; one that lists no purposes is good for all. */
export function purposeFindings(
  source: string,
  certificate: X509Certificate,
  purposes: readonly KeyPurpose[],
): readonly Finding[] {
  // Node's types leave out that a certificate may have no extended key usage.
  const listed: readonly string[] | undefined = certificate.keyUsage;
  if (listed === undefined || listed.includes(anyPurposeId)) {
    return [];
  }
  const missing = purposes.filter((purpose) => !listed.includes(purposeIds[purpose]));
  return missing.map((purpose) => ({
    code: 'CERT_PURPOSE',
    severity: 'critical',
    message: `The certificate ${titleOf(certificate)} (${source}) is used as a ${purpose}'s, but its extended key usage leaves that out.`,
    remedy: `Issue it with the extended key usage ${purpose}Auth; peer certificates need both clientAuth and serverAuth.`,
  }));
}
