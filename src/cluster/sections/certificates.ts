import type { Finding } from './reading.ts';

export type CertificateRole =
  | 'client'
  | 'client-ca'
  | 'server'
  | 'server-ca'
  | 'peer'
  | 'peer-ca'
  | 'served-client'
  | 'served-peer'
  | 'agent'
  | 'agent-ca';

/** One certificate in a file, or as an endpoint served it. */
export interface CertificateReading {
  readonly role: CertificateRole;
  /** File path, or `host:port` for what an endpoint served. */
  readonly source: string;
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly sans: readonly string[];
}

/** The collector `certificates`. */
export interface CertificatesSection {
  readonly certificates: readonly CertificateReading[];
  readonly findings: readonly Finding[];
}
