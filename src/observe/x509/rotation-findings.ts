import type { CertificateRole, Finding } from '../../cluster/sections.ts';
import { type FoundCertificate, titleOf } from './describe.ts';

/** Where the own member serves: `host:port` of its client and peer URLs. */
export interface OwnSources {
  readonly 'served-client': ReadonlySet<string>;
  readonly 'served-peer': ReadonlySet<string>;
}

/**
 * Certificates in etcd's files that are not what the own member serves. Etcd reads the pair of files for every
 * handshake, so that either something else answers there or the new pair is not the one that etcd's flags name.
 */
export function rotationFindings(
  found: readonly FoundCertificate[],
  etcdFiles: ReadonlySet<string>,
  own: OwnSources,
): readonly Finding[] {
  return [
    ...compare(found, etcdFiles, 'server', 'served-client', own),
    ...compare(found, etcdFiles, 'peer', 'served-peer', own),
  ];
}

function compare(
  found: readonly FoundCertificate[],
  etcdFiles: ReadonlySet<string>,
  fileRole: CertificateRole,
  servedRole: keyof OwnSources,
  own: OwnSources,
): readonly Finding[] {
  const inFile = found.find(({ role, source, isLeaf }) => role === fileRole && isLeaf && etcdFiles.has(source));
  if (inFile === undefined) {
    return [];
  }
  return found
    .filter(({ role, source, isLeaf }) => role === servedRole && isLeaf && own[servedRole].has(source))
    .filter(({ certificate }) => certificate.fingerprint256 !== inFile.certificate.fingerprint256)
    .map(({ certificate, source }) => {
      const isNewer = inFile.certificate.validFromDate > certificate.validFromDate;
      return {
        code: 'CERT_NOT_SERVED',
        severity: 'warning' as const,
        message: `${source} serves ${titleOf(certificate)} (serial ${certificate.serialNumber}), but ${inFile.source} holds ${isNewer ? 'a newer' : 'another'} certificate (serial ${inFile.certificate.serialNumber}).`,
        remedy:
          'Look for a proxy or a load balancer on that address; else restart this member, so that it serves what is on disk.',
      };
    });
}
