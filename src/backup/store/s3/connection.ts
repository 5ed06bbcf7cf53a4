import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { certificatesIn } from '../../../pem/secure-context.ts';
import type { RequestCounts } from '../request-counts.ts';
import { StoreError } from '../store.ts';
import { ChangingFile } from './changing-file.ts';
import { credentialsFromFiles } from './credentials.ts';
import { type S3Options, s3Defaults } from './options.ts';

/** The SDK, which is loaded only where a bucket is used. */
export type Sdk = typeof import('@aws-sdk/client-s3');

/** A client of the SDK and what belongs to it. */
export interface S3Connection {
  readonly sdk: Sdk;
  readonly client: S3Client;
  /** To be called before each request: looks whether the file of CAs has changed. Throws `STORE_DENIED`. */
  refreshTrust(): Promise<void>;
}

/** Attempts that the SDK makes by itself, at short intervals, before our own patience is asked. */
const SDK_ATTEMPTS = 3;

/** Makes a client. No request is made yet. @param counts each request that is sent is counted in it */
export async function connectS3(options: S3Options, counts: RequestCounts): Promise<S3Connection> {
  const sdk = await import('@aws-sdk/client-s3');
  const { httpAgent, httpsAgent } = agentsOf(options);
  const client = new sdk.S3Client({
    ...placeOf(options),
    ...checksumsOf(options),
    ...(options.credentials === undefined ? {} : { credentials: credentialsFromFiles(options.credentials) }),
    maxAttempts: SDK_ATTEMPTS,
    retryMode: 'standard',
    requestHandler: {
      httpAgent,
      httpsAgent,
      connectionTimeout: options.connectTimeoutMs ?? s3Defaults.connectTimeoutMs,
      socketTimeout: options.idleTimeoutMs ?? s3Defaults.idleTimeoutMs,
    },
  });
  countRequests(client, counts);
  const ca = options.caFile === undefined ? undefined : new ChangingFile(options.caFile);
  return { sdk, client, refreshTrust: async () => await trust(httpsAgent, ca) };
}

function placeOf({ endpoint, region, pathStyle }: S3Options): S3ClientConfig {
  const known = region ?? (endpoint === undefined ? undefined : 'us-east-1');
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(known === undefined ? {} : { region: known }),
    ...(pathStyle === undefined ? {} : { forcePathStyle: pathStyle }),
  };
}

function checksumsOf({ checksums = 'when-supported' }: S3Options): S3ClientConfig {
  const mode = checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return { requestChecksumCalculation: mode, responseChecksumValidation: mode };
}

function agentsOf({ proxy, partsAtOnce = s3Defaults.partsAtOnce }: S3Options) {
  // Beside the parts of an upload: deltas, a download, what lists and looks.
  const shared = { keepAlive: true, maxSockets: partsAtOnce + 13 };
  const proxied = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  return {
    httpAgent: new HttpAgent({ ...shared, ...proxied }),
    httpsAgent: new HttpsAgent({ ...shared, ...proxied }),
  };
}

/** New connections use what the agent's options say then. */
async function trust(agent: HttpsAgent, file: ChangingFile | undefined): Promise<void> {
  if (file === undefined) return;
  const pem = await file.read();
  if (agent.options.ca === pem) return;
  if (certificatesIn(pem).certificates.length === 0) {
    throw new StoreError('STORE_DENIED', `${file.path} holds no certificate in PEM form.`, {
      remedy: "Set backup.s3.ca to the CA of the store's certificate, or leave it out.",
    });
  }
  agent.options.ca = pem;
}

const kinds: Readonly<Record<string, keyof RequestCounts>> = {
  GetObjectCommand: 'get',
  HeadObjectCommand: 'head',
  ListObjectsV2Command: 'list',
  ListMultipartUploadsCommand: 'list',
  DeleteObjectCommand: 'delete',
  AbortMultipartUploadCommand: 'delete',
};

/** Counts what is sent, each attempt by itself, since each costs. All that belongs to an upload is a put. */
function countRequests(client: S3Client, counts: RequestCounts): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        counts[kinds[commandName] ?? 'put'] += 1;
        return await next(args);
      },
    { step: 'finalizeRequest', priority: 'low', name: 'countRequests' },
  );
}
