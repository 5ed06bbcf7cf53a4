import { readFile, stat } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { AgentError } from '../cluster/agent-error.ts';
import { type PemFile, secureContextOf } from '../pem/secure-context.ts';

/** Paths of PEM files for TLS connections that the agent opens. Each may be absent. */
export interface TlsFiles {
  /** Certificate authorities that the other side's certificate must come from. Without it nothing is verified. */
  readonly ca?: string;
  /** The agent's certificate (leaf first, then intermediates). */
  readonly cert?: string;
  readonly key?: string;
  /** The name that the other side's certificate must carry, instead of the host in its URL. */
  readonly serverName?: string;
}

/** What a TLS connection is opened with. */
export interface Credentials {
  readonly context: SecureContext;
  /** The other side's certificate can be verified. */
  readonly verifies: boolean;
  /** The agent can show a certificate of its own. */
  readonly hasCertificate: boolean;
  readonly serverName?: string;
}

/**
 * Credentials from files, read again when a file has changed (by time, size or inode, so that the symlink swap of a
 * Kubernetes secret is seen). While new files are unusable, for example a certificate that is already there and a key
 * that is not, the credentials from before stay in use; the certificates collector reports what is wrong with them.
 */
export class TlsCredentials {
  readonly #files: TlsFiles;
  #stamp: string | undefined;
  #current: Credentials | undefined;
  #underWay: Promise<Credentials> | undefined;

  constructor(files: TlsFiles = {}) {
    this.#files = files;
  }

  /** The credentials of now. Throws `TLS_FILES` when the files cannot be used and never could. */
  async current(): Promise<Credentials> {
    this.#underWay ??= this.#refresh().finally(() => {
      this.#underWay = undefined;
    });
    return await this.#underWay;
  }

  async #refresh(): Promise<Credentials> {
    try {
      const stamp = await this.#stampOfFiles();
      if (this.#current === undefined || stamp !== this.#stamp) {
        this.#current = await this.#read();
        this.#stamp = stamp;
      }
      return this.#current;
    } catch (error) {
      if (this.#current !== undefined) {
        return this.#current;
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new AgentError('TLS_FILES', `The agent's own TLS files cannot be used: ${reason}`, {
        remedy: 'Make the files readable for the agent, and let the key belong to the certificate.',
        cause: error,
      });
    }
  }

  async #stampOfFiles(): Promise<string> {
    const { ca, cert, key } = this.#files;
    const paths = [ca, cert, key].filter((path) => path !== undefined);
    const stats = await Promise.all(paths.map((path) => stat(path)));
    return stats.map(({ mtimeMs, size, ino }) => `${mtimeMs}:${size}:${ino}`).join(' ');
  }

  async #read(): Promise<Credentials> {
    const { ca, cert, key, serverName } = this.#files;
    const [caFile, certFile, keyFile] = await Promise.all([readOptional(ca), readOptional(cert), readOptional(key)]);
    const hasCertificate = certFile !== undefined && keyFile !== undefined;
    // Without a CA nobody is trusted: Node need not parse the public roots, which no etcd peer has anything to do with.
    const context = secureContextOf(
      {
        ...(caFile === undefined ? {} : { ca: caFile }),
        ...(hasCertificate ? { cert: certFile, key: keyFile } : {}),
      },
      'nobody',
    );
    return {
      context,
      verifies: caFile !== undefined,
      hasCertificate,
      ...(serverName === undefined ? {} : { serverName }),
    };
  }
}

async function readOptional(path: string | undefined): Promise<PemFile | undefined> {
  return path === undefined ? undefined : { name: path, pem: await readFile(path) };
}
