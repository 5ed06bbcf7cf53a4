import type { X509Certificate } from 'node:crypto';
import type { CertificateReading, CertificateRole } from '../../cluster/sections.ts';

/** A certificate, and where it was found. */
export interface FoundCertificate {
  readonly role: CertificateRole;
  /** File path, or `host:port` for what an endpoint served. */
  readonly source: string;
  readonly certificate: X509Certificate;
  /** The first of its file or of what was served, unless it is a file of certificate authorities. */
  readonly isLeaf: boolean;
}

/** A certificate as the observation has it. */
export function describe({ role, source, certificate }: FoundCertificate): CertificateReading {
  return {
    role,
    source,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber,
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    sans: namesOf(certificate),
  };
}

/** What a person calls the certificate: its subject, or its first name where the subject is empty. */
export function titleOf(certificate: X509Certificate): string {
  return oneLine(certificate.subject) || (namesOf(certificate)[0] ?? `serial ${certificate.serialNumber}`);
}

/** Node has one attribute a line: `O=demo\nCN=demo-ca`. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

/** Subject alternative names without their kinds: `localhost`, `127.0.0.1`. */
function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  if (subjectAltName === undefined || subjectAltName === '') {
    return [];
  }
  // Node puts a name in quotes when it holds a comma or the like, as JSON does.
  const entries = subjectAltName.match(/[^,":]+:(?:"(?:[^"\\]|\\.)*"|[^,]*)/g) ?? [];
  return entries.map((entry) => {
    const name = entry.slice(entry.indexOf(':') + 1);
    return name.startsWith('"') ? name.slice(1, -1) : name;
  });
}
