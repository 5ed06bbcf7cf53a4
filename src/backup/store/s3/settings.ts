import type { Trouble } from '../patience.ts';
import type { S3Options, ServerSideEncryption, StoreNotice } from './options.ts';

/** How buckets are reached, as the section `backup.s3` of the configuration says it. */
export interface S3Settings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly pathStyle: boolean;
  readonly storageClass?: string;
  readonly sse: 'none' | 'sse-s3' | 'sse-kms' | 'sse-c';
  readonly kmsKeyId?: string;
  readonly sseCustomerKeyFile?: string;
  readonly ca?: string;
  readonly checksums: 'when-supported' | 'when-required';
  readonly accessKeyIdFile?: string;
  readonly secretAccessKeyFile?: string;
  readonly sessionTokenFile?: string;
  readonly proxy?: string;
  readonly partBytes: number;
  readonly retryForMs: number;
}

/** Who is told what a store meets. */
export interface StoreEvents {
  readonly onTrouble?: (trouble: Trouble) => void;
  readonly onNotice?: (notice: StoreNotice) => void;
}

/** The options of a bucket for these settings. */
export function s3OptionsOf(settings: S3Settings, { onTrouble, onNotice }: StoreEvents = {}): S3Options {
  const { sse, kmsKeyId, sseCustomerKeyFile, ca, accessKeyIdFile, secretAccessKeyFile, sessionTokenFile } = settings;
  const { retryForMs, endpoint, region, storageClass, proxy, pathStyle, checksums, partBytes } = settings;
  const encryption = encryptionOf(sse, kmsKeyId, sseCustomerKeyFile);
  return {
    pathStyle,
    checksums,
    partBytes,
    patience: { forMs: retryForMs, ...(onTrouble === undefined ? {} : { onTrouble }) },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(accessKeyIdFile === undefined || secretAccessKeyFile === undefined
      ? {}
      : {
          credentials: {
            accessKeyIdFile,
            secretAccessKeyFile,
            ...(sessionTokenFile === undefined ? {} : { sessionTokenFile }),
          },
        }),
    ...(onNotice === undefined ? {} : { onNotice }),
  };
}

function encryptionOf(
  sse: S3Settings['sse'],
  keyId: string | undefined,
  keyFile: string | undefined,
): ServerSideEncryption | undefined {
  if (sse === 'sse-s3') return { kind: sse };
  if (sse === 'sse-kms') return keyId === undefined ? { kind: sse } : { kind: sse, keyId };
  return sse === 'sse-c' && keyFile !== undefined ? { kind: sse, keyFile } : undefined;
}
