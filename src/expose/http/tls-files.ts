import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import { type PemFiles, secureContextOf } from '../../pem/secure-context.ts';

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
  if (ca !== undefined && files.clientCa !== undefined) {
    check({ ca: { name: files.clientCa, pem: ca } });
  }
  check({ cert: { name: files.cert, pem: cert }, key: { name: files.key, pem: key } });
  const options: SecureContextOptions = { cert, key, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) };
  return {
    options,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([cert, key, ca]))
      .digest('hex'),
  };
}

/**
 * The runtime itself takes an empty file for none given: a server without a certificate, and instead of the client CA
 * every public one.
 */
function check(files: PemFiles): void {
  try {
    secureContextOf(files);
  } catch (cause) {
    const { code, message, remedy = '' } = faultOf(cause);
    throw new AgentError(code, `The files of expose.tls cannot be used: ${message}.`, { cause, remedy });
  }
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
