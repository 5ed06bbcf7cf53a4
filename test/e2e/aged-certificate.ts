import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const dayMs = 86_400_000;

/** In place of the certificate in a file, one for the same key that was issued so many days ago and is good for so many more. */
export async function replaceByAged(
  { cert, key }: { readonly cert: string; readonly key: string },
  { daysOld, daysLeft }: { readonly daysOld: number; readonly daysLeft: number },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-aged-'));
  const at = (name: string): string => join(folder, name);
  const day = (days: number): string =>
    `${new Date(Date.now() + days * dayMs).toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  try {
    await writeFile(at('index'), '');
    await writeFile(
      at('ca.cnf'),
      [
        ...['[ca]', 'default_ca=own', '[own]', `new_certs_dir=${folder}`, `database=${at('index')}`, 'rand_serial=yes'],
        ...['default_md=sha256', 'policy=any', 'email_in_dn=no', '[any]', 'commonName=supplied'],
      ].join('\n'),
    );
    await run('openssl', ['req', '-new', '-key', key, '-subj', '/CN=aged', '-out', at('request')]);
    // Only `ca` sets the first day in the past in every version of openssl.
    await run('openssl', [
      ...['ca', '-batch', '-notext', '-config', at('ca.cnf'), '-selfsign', '-keyfile', key, '-in', at('request')],
      ...['-startdate', day(-daysOld), '-enddate', day(daysLeft), '-out', at('cert')],
    ]);
    await copyFile(at('cert'), cert);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
