import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KeyPair } from '../../real/certificates.ts';

const run = promisify(execFile);

/** What can be unusual about a certificate. */
export type Unusual = {
  /** Lifetime from now; negative: it has expired already. Default 20. */
  readonly days?: number;
  /** Subject alternative names in openssl's form. Default localhost, 127.0.0.1 and ::1. */
  readonly names?: string;
  /** Extended key usage. Default serverAuth and clientAuth. */
  readonly usage?: string;
  /** Default P-256. */
  readonly rsaBits?: number;
  /** Default sha256. */
  readonly digest?: 'sha1' | 'sha256';
  /** An intermediate authority. */
  readonly isAuthority?: boolean;
};

/** Issues `<name>.crt` and `<name>.key` into `folder`; unlike `issueCertificate`, also such as nobody should use. */
export const issueUnusual = async (
  folder: string,
  authority: KeyPair,
  name: string,
  unusual: Unusual = {},
): Promise<KeyPair> => {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const [request, extensions] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)];
  const keyKind =
    unusual.rsaBits === undefined ? ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] : [`rsa:${unusual.rsaBits}`];
  const leafExtensions = [
    `subjectAltName=${unusual.names ?? 'DNS:localhost,IP:127.0.0.1,IP:::1'}`,
    'basicConstraints=critical,CA:FALSE',
    `extendedKeyUsage=${unusual.usage ?? 'serverAuth,clientAuth'}`,
  ];
  const authorityExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
  await writeFile(extensions, (unusual.isAuthority === true ? authorityExtensions : leafExtensions).join('\n'));
  await run('openssl', [
    ...['req', '-new', '-newkey', ...keyKind, '-nodes', '-keyout', key, '-out', request],
    ...['-subj', `/CN=${name}`],
  ]);
  await run('openssl', [
    ...['x509', '-req', '-in', request, '-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial'],
    ...[`-${unusual.digest ?? 'sha256'}`, '-days', String(unusual.days ?? 20), '-extfile', extensions, '-out', cert],
  ]);
  await Promise.all([rm(request), rm(extensions)]);
  return { cert, key };
};
