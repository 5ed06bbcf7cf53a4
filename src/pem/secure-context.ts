import type { KeyObject, X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { AgentError } from '../cluster/agent-error.ts';

// Node's TLS is read when it is needed: most command lines ask an agent on loopback, and need none of it.

/** One PEM file that has been read. */
export interface PemFile {
  /** What a person knows it by: its path, or the option that names it. */
  readonly name: string;
  readonly pem: Buffer | string;
}

/** What a TLS connection is opened with; each may be absent. */
export interface PemFiles {
  readonly ca?: PemFile;
  readonly cert?: PemFile;
  readonly key?: PemFile;
}

/** PEM files that cannot be used, in words; those of OpenSSL help nobody. */
export class PemError extends AgentError {
  declare readonly code: 'TLS_FILES_INVALID';
  /** Which of the files is to be looked at. */
  readonly file: keyof PemFiles;

  constructor(file: keyof PemFiles, message: string, cause?: unknown) {
    const remedy = 'All are PEM, without a passphrase, and the key is that of the first certificate in the file.';
    super('TLS_FILES_INVALID', message, { remedy, ...(cause === undefined ? {} : { cause }) });
    this.file = file;
  }
}

const block = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Every certificate of a PEM text, and how many of its blocks say that they are one and are not. */
export function certificatesIn(pem: Buffer | string): {
  readonly certificates: readonly X509Certificate[];
  readonly brokenBlocks: number;
} {
  const blocks = String(pem).match(block) ?? [];
  const certificates = blocks.flatMap(parse);
  return { certificates, brokenBlocks: blocks.length - certificates.length };
}

/**
 * A secure context of the files. `withoutCa`: whom to trust where no CA is given. Throws `PemError`, also where OpenSSL
 * would not: it takes a CA file without a certificate for one that trusts nobody, and an empty file for none.
 */
export function secureContextOf({ ca, cert, key }: PemFiles, withoutCa: 'system' | 'nobody' = 'system'): SecureContext {
  if (ca !== undefined) requireCertificate('ca', ca);
  if (cert !== undefined) requireCertificate('cert', cert);
  if (key !== undefined) requireKey(key, cert);
  try {
    return process.getBuiltinModule('node:tls').createSecureContext({
      ...(ca === undefined ? (withoutCa === 'nobody' ? { ca: [] } : {}) : { ca: ca.pem }),
      ...(cert === undefined ? {} : { cert: cert.pem }),
      ...(key === undefined ? {} : { key: key.pem }),
    });
  } catch (error) {
    const names = [cert, key].flatMap((file) => file?.name ?? []).join(' and ') || ca?.name;
    throw new PemError('cert', `TLS does not accept ${names}: ${reasonOf(error)}`, error);
  }
}

function requireCertificate(file: 'ca' | 'cert', { name, pem }: PemFile): void {
  if (certificatesIn(pem).certificates.length === 0) {
    throw new PemError(file, `${name} holds no certificate in PEM form`);
  }
}

function requireKey(key: PemFile, cert: PemFile | undefined): void {
  const [leaf] = cert === undefined ? [] : certificatesIn(cert.pem).certificates;
  let privateKey: KeyObject;
  try {
    privateKey = process.getBuiltinModule('node:crypto').createPrivateKey(key.pem);
  } catch (error) {
    throw new PemError('key', `${key.name} holds no private key in PEM form without a password`, error);
  }
  if (leaf?.checkPrivateKey(privateKey) === false) {
    throw new PemError('key', `the key ${key.name} does not belong to the certificate ${cert?.name}`);
  }
}

/** What follows the number and the names of functions in OpenSSL's words: "ee key too small". */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error:[0-9A-F]+:(?:[^:]*:)*/i, '');
}

function parse(pem: string): readonly X509Certificate[] {
  try {
    const { X509Certificate } = process.getBuiltinModule('node:crypto');
    return [new X509Certificate(pem)];
  } catch {
    return [];
  }
}
