import type { Patience } from '../patience.ts';

/** How a bucket's server encrypts what lies in it. `sse-c`: with a key of 32 bytes (raw or base64) in a file, which it does not keep. */
export type ServerSideEncryption =
  | { readonly kind: 'sse-s3' }
  | { readonly kind: 'sse-kms'; readonly keyId?: string }
  | { readonly kind: 'sse-c'; readonly keyFile: string };

/** Where the credentials stand, one a file; the files are read again when they change. */
export interface CredentialFiles {
  readonly accessKeyIdFile: string;
  readonly secretAccessKeyFile: string;
  readonly sessionTokenFile?: string;
}

/** What a person should know about a store, once: it works, but less well than it should. */
export interface StoreNotice {
  readonly code: 'STORE_NOT_CONDITIONAL' | 'STORE_UPLOADS_NOT_LISTED';
  readonly message: string;
}

/** How a bucket is reached. Everything may be left out: then it is Amazon's, with the credentials of the SDK's own chain. */
export interface S3Options {
  /** `https://minio.example:9000` */
  readonly endpoint?: string;
  /** Left out: as the SDK finds it, and `us-east-1` where an endpoint is given. */
  readonly region?: string;
  /** `https://endpoint/bucket/key` instead of `https://bucket.endpoint/key`: what most servers but Amazon's need. */
  readonly pathStyle?: boolean;
  readonly storageClass?: string;
  readonly encryption?: ServerSideEncryption;
  /** PEM file of CAs to be trusted in place of the system's. Read again when it changes. */
  readonly caFile?: string;
  /** `when-required`: for servers that do not know the newer checksums; then parts carry an MD5 instead. */
  readonly checksums?: 'when-supported' | 'when-required';
  /** Left out: the SDK's chain (environment, shared files, web identity, container, machine). */
  readonly credentials?: CredentialFiles;
  /** `http://proxy:3128`; the environment's proxy is never used. */
  readonly proxy?: string;
  /** Of an upload in parts, where its size does not need larger ones. */
  readonly partBytes?: number;
  /** Parts on their way at once: with their size, what bounds the memory of a put. */
  readonly partsAtOnce?: number;
  /** A larger object is copied in parts of this size, where it is moved to another storage class. Left out: 1 GiB, in parts of 512 MiB. */
  readonly copyAtOnceBytes?: number;
  /** How long what may pass is tried again. */
  readonly patience?: Patience;
  /** How long nothing may come or go before a request is given up and made again. */
  readonly idleTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** Told once for each code. Must not throw. */
  readonly onNotice?: (notice: StoreNotice) => void;
}

const hourMs = 3_600_000;

/** What holds where nothing is said. */
export const s3Defaults = {
  patience: { forMs: 1.5 * hourMs },
  partsAtOnce: 3,
  idleTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
} as const;
