import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of the PEM files of one certificate authority and what it has issued for a test cluster. */
export type Certificates = {
  readonly ca: string;
  readonly caKey: string;
  /** The client certificate; its common name is `caretaker`. */
  readonly cert: string;
  readonly key: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly peerCert: string;
  readonly peerKey: string;
};

/** A certificate and its private key: paths of PEM files. */
export type KeyPair = { readonly cert: string; readonly key: string };

const ellipticKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A new certificate authority, written as `<name>.crt` and `<name>.key` into `folder`. */
export const createAuthority = async (folder: string, name = 'ca'): Promise<KeyPair> => {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  await run('openssl', [
    ...['req', '-x509', ...ellipticKey, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`, '-days', '30'],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
  return { cert, key };
};

/**
 * A certificate for localhost, 127.0.0.1 and ::1 (or `names`, in openssl's subjectAltName form), good for clients and
 * servers, signed by `authority` and written as `<name>.crt` and `<name>.key` into `folder`. `days` is its lifetime.
 */
export const issueCertificate = async (
  folder: string,
  authority: KeyPair,
  name: string,
  options: { readonly commonName?: string; readonly names?: string; readonly days?: number } = {},
): Promise<KeyPair> => {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const extensions = [
    `subjectAltName=${options.names ?? 'DNS:localhost,IP:127.0.0.1,IP:::1'}`,
    'basicConstraints=critical,CA:FALSE',
    'extendedKeyUsage=serverAuth,clientAuth',
  ];
  await run('openssl', [
    ...['req', '-x509', '-CA', authority.cert, '-CAkey', authority.key, ...ellipticKey, '-keyout', key, '-out', cert],
    ...['-subj', `/CN=${options.commonName ?? name}`, '-days', String(options.days ?? 20)],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
  return { cert, key };
};

/** A new authority with a server, a client and a peer certificate in `folder`, which is made if it is missing. */
export const createCertificates = async (folder: string): Promise<Certificates> => {
  await mkdir(folder, { recursive: true });
  const authority = await createAuthority(folder);
  const [client, server, peer] = await Promise.all([
    issueCertificate(folder, authority, 'client', { commonName: 'caretaker' }),
    issueCertificate(folder, authority, 'server'),
    issueCertificate(folder, authority, 'peer'),
  ]);
  return {
    ca: authority.cert,
    caKey: authority.key,
    ...client,
    serverCert: server.cert,
    serverKey: server.key,
    peerCert: peer.cert,
    peerKey: peer.key,
  };
};
