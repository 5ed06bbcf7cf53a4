import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import { certificatesIn } from '../../pem/secure-context.ts';

/** The certificates of one PEM file. */
export interface CertificateFile {
  readonly certificates: readonly X509Certificate[];
  /** Blocks that say that they are certificates and are not. */
  readonly brokenBlocks: number;
  readonly changedAtMs: number;
}

/** Larger files are no certificates: the bundle of all public roots has some 220 KB. */
const largestFileBytes = 2 * 1024 * 1024;

/**
 * Reads every certificate of a PEM file; other blocks, such as a key beside it, are passed over. A broken block does
 * not hide the others. Throws `CERT_FILE_UNREADABLE`, or `CERT_FILE_INVALID` where there is no certificate in it.
 */
export async function readCertificateFile(path: string): Promise<CertificateFile> {
  const { text, changedAtMs } = await readPem(path);
  const { certificates, brokenBlocks } = certificatesIn(text);
  if (certificates.length === 0) {
    throw new AgentError('CERT_FILE_INVALID', `${path} holds no certificate in PEM form.`, {
      remedy: 'Write the certificate, in PEM form, into this file, or correct the path.',
    });
  }
  return { certificates, brokenBlocks, changedAtMs };
}

/** Reads a private key in PEM form. Throws `CERT_FILE_UNREADABLE`, or `CERT_FILE_INVALID` (also when it is encrypted). */
export async function readKeyFile(path: string): Promise<KeyObject> {
  const { text } = await readPem(path);
  try {
    return createPrivateKey(text);
  } catch (error) {
    // OpenSSL's words are left out: they help nobody, and what is in a key file is nobody's business.
    throw new AgentError('CERT_FILE_INVALID', `${path} holds no private key in PEM form without a password.`, {
      remedy: 'Write the key into this file, unencrypted and readable for its owner only, or correct the path.',
      cause: error,
    });
  }
}

async function readPem(path: string): Promise<{ readonly text: string; readonly changedAtMs: number }> {
  try {
    const { size, mtimeMs } = await stat(path);
    if (size > largestFileBytes) {
      throw new Error(`it has ${size} bytes`);
    }
    return { text: await readFile(path, 'latin1'), changedAtMs: mtimeMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/,? (stat|open|read)\b.*$/, '') : String(error);
    throw new AgentError('CERT_FILE_UNREADABLE', `${path} cannot be read: ${reason}.`, {
      remedy: 'Correct the path, or let the agent read the file.',
      cause: error,
    });
  }
}
