import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { S3Options } from '../../../src/backup/store/s3/options.ts';
import { S3Store } from '../../../src/backup/store/s3.ts';

export const bucketName = 'backups';

/** A server of S3 on loopback, whose objects lie in a folder of its own. It knows no conditional writes, and lists no uploads. */
export interface S3Server extends AsyncDisposable {
  readonly port: number;
  readonly endpoint: string;
  readonly directory: string;
  /** The object as it lies there; undefined where there is none. */
  stored(key: string): Promise<Buffer | undefined>;
}

/** Starts one on a free port. */
export async function startS3Server(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'caretaker-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    directory,
    silent: true,
    configureBuckets: [{ name: bucketName }],
  });
  const { port } = await server.run();
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    directory,
    stored: async (key) => await readFile(objectPath(directory, key)).catch(() => undefined),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Where s3rver keeps an object. */
export function objectPath(directory: string, key: string): string {
  return join(directory, bucketName, `${key}._S3rver_object`);
}

/** Where s3rver keeps what was said with an object. */
export function metadataPath(directory: string, key: string): string {
  return join(directory, bucketName, `${key}._S3rver_metadata.json`);
}

/** Ids of uploads in parts that s3rver has begun and not ended. */
export async function openUploads(directory: string): Promise<readonly string[]> {
  return await readdir(join(directory, bucketName, '._S3rver_uploads')).catch(() => []);
}

/** A store at an endpoint, with the credentials that s3rver knows, and with waits that suit a test. */
export function s3StoreAt(endpoint: string, options: S3Options = {}, prefix = 'prefix/of/mine'): S3Store {
  process.env['AWS_ACCESS_KEY_ID'] = 'S3RVER';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'S3RVER';
  return new S3Store(bucketName, prefix, {
    endpoint,
    pathStyle: true,
    patience: { forMs: 100_000, firstWaitMs: 10, longestWaitMs: 50 },
    ...options,
  });
}
