import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { faultOf } from '../../../cluster/agent-error.ts';
import type { Config } from '../../../config/config.ts';
import type { SecretFile } from '../facts.ts';

/** Every file with a secret that the configuration names, by the key that names it. */
export function secretFilesOf({
  backup,
  cluster,
  expose,
  notify,
}: Config): readonly Pick<SecretFile, 'key' | 'path'>[] {
  const named = {
    'cluster.tls.key': cluster.tls.key,
    'cluster.peerTls.key': cluster.peerTls.key,
    'cluster.auth.passwordFile': cluster.auth.passwordFile,
    'expose.tls.key': expose.tls.key,
    'expose.auth.tokenFile': expose.auth.tokenFile,
    'expose.auth.readTokenFile': expose.auth.readTokenFile,
    'notify.webhookFile': notify.webhookFile,
    'backup.s3.accessKeyIdFile': backup.s3.accessKeyIdFile,
    'backup.s3.secretAccessKeyFile': backup.s3.secretAccessKeyFile,
    'backup.s3.sessionTokenFile': backup.s3.sessionTokenFile,
    'backup.s3.sseCustomerKeyFile': backup.s3.sseCustomerKeyFile,
    'backup.encryption.identityFile': backup.encryption.identityFile,
  };
  return Object.entries(named).flatMap(([key, path]) => (path === undefined ? [] : [{ key, path }]));
}

/** Whether the files are there, readable, and for whom. Their content is not read. Rejects never. */
export function readSecretFiles(config: Config): Promise<readonly SecretFile[]> {
  return Promise.all(
    secretFilesOf(config).map(async (file): Promise<SecretFile> => {
      try {
        await access(file.path, constants.R_OK);
        return { ...file, mode: (await stat(file.path)).mode & 0o777 };
      } catch (error) {
        const { code, message } = faultOf(error);
        return { ...file, fault: { code, message } };
      }
    }),
  );
}
