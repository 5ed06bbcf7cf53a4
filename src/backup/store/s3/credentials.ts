import { ChangingFile } from './changing-file.ts';
import type { CredentialFiles } from './options.ts';

/** Credentials as the SDK takes them. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration: Date;
}

/** A provider for the SDK that looks at the files before each request. */
export function credentialsFromFiles(files: CredentialFiles): () => Promise<Credentials> {
  const accessKeyId = new ChangingFile(files.accessKeyIdFile);
  const secretAccessKey = new ChangingFile(files.secretAccessKeyFile);
  const sessionToken = files.sessionTokenFile === undefined ? undefined : new ChangingFile(files.sessionTokenFile);
  return async () => ({
    accessKeyId: await accessKeyId.readText(),
    secretAccessKey: await secretAccessKey.readText(),
    ...(sessionToken === undefined ? {} : { sessionToken: await sessionToken.readText() }),
    // The SDK keeps credentials until they are about to end: these always are.
    expiration: new Date(),
  });
}
