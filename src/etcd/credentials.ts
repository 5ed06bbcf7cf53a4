import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { faultOf } from '../cluster/agent-error.ts';
import type { Fault } from '../cluster/observation.ts';
import { type PemFiles, secureContextOf } from '../pem/secure-context.ts';
import { EtcdError } from './errors.ts';
import type { PasswordAuth, TlsFiles } from './types.ts';

/** The content of the PEM files, as node:tls takes it. */
interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}

/** What proves who is who, as the files had it when they were read last. The same object as long as nothing changed. */
export interface Credentials {
  /** Only for a TLS endpoint. */
  readonly secureContext?: SecureContext;
  readonly tls: TlsMaterial;
  readonly password?: string;
}

export interface CredentialFilesOptions {
  readonly member: string;
  /** The endpoint speaks TLS. */
  readonly secure: boolean;
  readonly tls?: TlsFiles;
  readonly auth?: PasswordAuth;
  /** Look at the files at most this often; default 1 s. */
  readonly checkEveryMs?: number;
}

const DEFAULT_CHECK_EVERY_MS = 1000;

/**
 * Certificates and passwords in files, read again when they change. The files are looked at when somebody asks, not
 * watched: Kubernetes swaps a symbolic link two levels up, which file watchers miss and stat does not. A change that
 * cannot be used (half written, key and certificate of different pairs) leaves the former credentials in place and is
 * told by `fault`.
 */
export class CredentialFiles {
  readonly #options: CredentialFilesOptions;
  #current: Credentials | undefined;
  #fingerprint = '';
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #checking: Promise<Credentials> | undefined;
  #fault: Fault | undefined;

  constructor(options: CredentialFilesOptions) {
    this.#options = options;
  }

  /** Why the newest content of the files is not in use, if so. */
  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** The credentials as of now. Throws `ETCD_CERT_UNREADABLE` or `ETCD_PASSWORD_UNREADABLE` while there are none at all. */
  current(): Promise<Credentials> {
    const age = performance.now() - this.#checkedAtMs;
    if (this.#current !== undefined && age < (this.#options.checkEveryMs ?? DEFAULT_CHECK_EVERY_MS)) {
      return Promise.resolve(this.#current);
    }
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  async #check(): Promise<Credentials> {
    try {
      const before = await this.#look();
      if (this.#current === undefined || before !== this.#fingerprint) {
        const next = await this.#read();
        // Changed while it was read: the halves may not belong together, so the next call looks again.
        if ((await this.#look()) === before) this.#fingerprint = before;
        this.#current = next;
      }
      this.#fault = undefined;
      this.#checkedAtMs = performance.now();
      return this.#current;
    } catch (error) {
      if (this.#current === undefined) throw error;
      this.#fault = faultOf(error);
      this.#checkedAtMs = performance.now();
      return this.#current;
    }
  }

  async #look(): Promise<string> {
    const { tls, auth, secure } = this.#options;
    const paths = [...(secure ? [tls?.ca, tls?.cert, tls?.key] : []), auth?.passwordFile];
    const stats = await Promise.all(paths.map((path) => (path === undefined ? undefined : this.#stat(path))));
    return stats
      .map((entry) => (entry === undefined ? '-' : `${entry.ino}:${entry.size}:${entry.mtimeMs}:${entry.ctimeMs}`))
      .join(' ');
  }

  async #read(): Promise<Credentials> {
    const { member, secure, tls, auth } = this.#options;
    const material = secure && tls !== undefined ? await readTls(tls, member) : {};
    const password = auth === undefined ? undefined : await readPassword(auth, member);
    return {
      tls: material,
      ...(secure ? { secureContext: contextOf(material, tls, member) } : {}),
      ...(password === undefined ? {} : { password }),
    };
  }

  #stat(path: string): Promise<Stats> {
    const { member, auth } = this.#options;
    return stat(path).catch((error: unknown) => {
      throw path === auth?.passwordFile ? passwordUnreadable(path, member, error) : certUnreadable(path, member, error);
    });
  }
}

/** Reads the PEM files for one TLS connection. Throws `ETCD_CERT_UNREADABLE`. */
export async function readSecureContext(
  files: TlsFiles,
  member: string,
): Promise<{ readonly secureContext: SecureContext; readonly servername?: string }> {
  const material = await readTls(files, member);
  const { servername } = material;
  return { secureContext: contextOf(material, files, member), ...(servername === undefined ? {} : { servername }) };
}

async function readTls(files: TlsFiles, member: string): Promise<TlsMaterial> {
  const read = (path: string | undefined): Promise<Buffer | undefined> =>
    path === undefined
      ? Promise.resolve(undefined)
      : readFile(path).catch((error: unknown) => {
          throw certUnreadable(path, member, error);
        });
  const [ca, cert, key] = await Promise.all([read(files.ca), read(files.cert), read(files.key)]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(files.serverName === undefined ? {} : { servername: files.serverName }),
  };
}

function contextOf({ ca, cert, key }: TlsMaterial, files: TlsFiles | undefined, member: string): SecureContext {
  const named: PemFiles = {
    ...(ca === undefined ? {} : { ca: { name: files?.ca ?? 'the CA', pem: ca } }),
    ...(cert === undefined ? {} : { cert: { name: files?.cert ?? 'the certificate', pem: cert } }),
    ...(key === undefined ? {} : { key: { name: files?.key ?? 'the key', pem: key } }),
  };
  try {
    return secureContextOf(named);
  } catch (error) {
    throw certUnreadable('the TLS files', member, error);
  }
}

/** The password in a file. Throws `ETCD_PASSWORD_UNREADABLE`. */
export async function readPassword(auth: PasswordAuth, member: string): Promise<string> {
  const text = await readFile(auth.passwordFile, 'utf8').catch((error: unknown) => {
    throw passwordUnreadable(auth.passwordFile, member, error);
  });
  const password = text.replace(/[\r\n]+$/, '');
  if (password === '') throw passwordUnreadable(auth.passwordFile, member, new Error('it is empty'));
  return password;
}

function certUnreadable(what: string, member: string, cause: unknown): EtcdError {
  return new EtcdError('ETCD_CERT_UNREADABLE', `Cannot use ${what} for member ${member}: ${reasonOf(cause)}`, {
    member,
    cause,
  });
}

function passwordUnreadable(path: string, member: string, cause: unknown): EtcdError {
  return new EtcdError(
    'ETCD_PASSWORD_UNREADABLE',
    `Cannot read the password file ${path} for member ${member}: ${reasonOf(cause)}`,
    {
      member,
      cause,
    },
  );
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
