import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/** The files of the HTTP server's TLS, all PEM. */
export interface TlsFiles {
  /** The server certificate, with what leads to its CA. */
  readonly cert: string;
  readonly key: string;
  /** CA certificates of clients that need no token. */
  readonly clientCa?: string;
}

/** What a server takes as its secure context. */
export interface TlsMaterial {
  readonly options: SecureContextOptions;
  /** Differs when a file has changed. */
  readonly fingerprint: string;
}

/**
 * Reads the files and makes sure that they belong together: a certificate whose key has not been replaced yet is refused
 * here, and not at the next handshake.
 * @throws AgentError `TLS_FILE_UNREADABLE` or `TLS_FILES_INVALID`
 */
export async function readTlsFiles(files: TlsFiles): Promise<TlsMaterial> {
  const [cert, key, ca] = await Promise.all([
    read(files.cert, 'expose.tls.cert'),
    read(files.key, 'expose.tls.key'),
    files.clientCa === undefined ? undefined : read(files.clientCa, 'expose.tls.clientCa'),
  ]);
  if (!isOf(files, cert, key)) {
    throw invalid(`The certificate ${files.cert} is not of the key ${files.key}.`);
  }
  if (ca !== undefined && files.clientCa !== undefined) {
    certificateIn(files.clientCa, ca);
  }
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
  try {
    createSecureContext(options);
  } catch (cause) {
    throw invalid(`The files of expose.tls cannot be used: ${faultOf(cause).message}.`, cause);
  }
  return {
    options,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([cert, key, ca]))
      .digest('hex'),
  };
}

function isOf(files: TlsFiles, cert: string, key: string): boolean {
  const certificate = certificateIn(files.cert, cert);
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw invalid(`There is no key that can be read in ${files.key}: ${faultOf(cause).message}.`, cause);
  }
}

/**
 * The first certificate of a file. The runtime itself takes an empty file for none given: a server without a
 * certificate, and instead of the client CA every public one.
 */
function certificateIn(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(`There is no certificate that can be read in ${path}: ${faultOf(cause).message}.`, cause);
  }
}

function invalid(message: string, cause?: unknown): AgentError {
  const remedy = 'All are PEM, without a passphrase, and the key is that of the first certificate in the file.';
  return new AgentError('TLS_FILES_INVALID', message, { cause, remedy });
}

async function read(path: string, key: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new AgentError('TLS_FILE_UNREADABLE', `The file ${path} cannot be read: ${faultOf(cause).code}.`, {
      cause,
      remedy: `Look at the path in ${key} and at the rights of the file.`,
    });
  }
}
