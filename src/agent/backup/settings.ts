import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpoolOptions } from '../../backup/delta/spool.ts';
import type { Encryption } from '../../backup/encryption.ts';
import type { SpoolPlace } from '../../backup/full/spool-file.ts';
import { encryptionFromFile } from '../../backup/key-files.ts';
import { ReadAgain } from '../../backup/read-again.ts';
import type { TidyPolicy } from '../../backup/retention/tidy.ts';
import type { S3Options } from '../../backup/store/s3/options.ts';
import type { Config } from '../../config/config.ts';

type BackupConfig = Config['backup'];

const MEBIBYTE = 2 ** 20;
/** What is in no folder is in memory: it is little, since etcd has it still. */
const MEMORY_SPOOL_BYTES = 32 * MEBIBYTE;
const DEFAULT_INTERVAL_MS = { local: 1000, remote: 5000 } as const;
/** A piece is durable in the spool so much earlier than it is in a store. */
const PIECES_PER_INTERVAL = 4;
const SHORTEST_PIECE_MS = 50;

/** How buckets are reached. @param onTrouble told before each wait of a request that failed */
export function s3Options(
  { s3 }: Pick<BackupConfig, 's3'>,
  onTrouble: (what: string, error: unknown) => void,
): S3Options {
  const { endpoint, region, pathStyle, storageClass, ca, checksums, proxy, partBytes, retryForMs } = s3;
  const { accessKeyIdFile, secretAccessKeyFile, sessionTokenFile } = s3;
  const encryption = s3Encryption(s3);
  return {
    ...{ pathStyle, checksums, partBytes },
    patience: { forMs: retryForMs, onTrouble: ({ what, error }) => onTrouble(what, error) },
    onNotice: ({ code, message }) => onTrouble(code, new Error(message)),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(accessKeyIdFile === undefined || secretAccessKeyFile === undefined
      ? {}
      : {
          credentials: {
            ...{ accessKeyIdFile, secretAccessKeyFile },
            ...(sessionTokenFile === undefined ? {} : { sessionTokenFile }),
          },
        }),
  };
}

function s3Encryption({ sse, kmsKeyId, sseCustomerKeyFile }: BackupConfig['s3']): S3Options['encryption'] {
  if (sse === 'sse-s3') return { kind: 'sse-s3' };
  if (sse === 'sse-kms') return { kind: 'sse-kms', ...(kmsKeyId === undefined ? {} : { keyId: kmsKeyId }) };
  return sse === 'sse-c' && sseCustomerKeyFile !== undefined
    ? { kind: 'sse-c', keyFile: sseCustomerKeyFile }
    : undefined;
}

/**
 * Encryption as it is configured, each time as the file of recipients is then: keys are changed without a restart. Undefined
 * where there is none. It throws `RECIPIENT_UNREADABLE`, once it has been read it goes on with what was read last.
 */
export function encryptionSource(
  { encryption }: Pick<BackupConfig, 'encryption'>,
  onTrouble: (error: unknown) => void,
): (() => Promise<Encryption>) | undefined {
  const { mode, recipientsFile } = encryption;
  if (mode !== 'age' || recipientsFile === undefined) return undefined;
  const recipients = new ReadAgain(recipientsFile, encryptionFromFile, onTrouble);
  return () => recipients.now();
}

const HOUR_MS = 3_600_000;
/** Nobody is at an upload any more that was begun a day ago, unless a server may be away for longer. */
const ABANDONED_AFTER_MS = 24 * HOUR_MS;

/** What is kept, what moves to a colder storage class, and which uploads are nobody's any more. */
export function tidyPolicy({
  retention,
  s3,
}: {
  readonly retention: BackupConfig['retention'];
  readonly s3: Pick<BackupConfig['s3'], 'retryForMs'>;
}): TidyPolicy {
  const { mode: _, coldAfterMs, coldClass, ...rest } = retention;
  return {
    retention: rest,
    abandonedAfterMs: Math.max(ABANDONED_AFTER_MS, s3.retryForMs + HOUR_MS),
    ...(coldAfterMs === undefined || coldClass === undefined
      ? {}
      : { cold: { afterMs: coldAfterMs, storageClass: coldClass } }),
  };
}

/** Where a snapshot goes that a store is too slow for. */
export function fullSpool({ spool }: Pick<BackupConfig, 'spool'>): SpoolPlace {
  return { folder: spool.dir ?? join(tmpdir(), 'etcd-caretaker-spool'), maxBytes: spool.maxBytes };
}

/** Where changes wait for the stores. */
export function deltaSpool({ spool }: Pick<BackupConfig, 'spool'>): SpoolOptions {
  return spool.dir === undefined
    ? { maxBytes: Math.min(spool.maxBytes, MEMORY_SPOOL_BYTES) }
    : { folder: join(spool.dir, 'delta'), maxBytes: spool.maxBytes };
}

/** Between two uploads to a store of this kind. */
export function uploadIntervalMs({ delta }: Pick<BackupConfig, 'delta'>, kind: 'local' | 'remote'): number {
  return delta.intervalMs ?? DEFAULT_INTERVAL_MS[kind];
}

/** How long changes are gathered into one piece of the spool, by the shortest of the intervals of the stores. */
export function pieceIntervalMs(intervalsMs: readonly number[]): number {
  return Math.max(SHORTEST_PIECE_MS, Math.min(...intervalsMs) / PIECES_PER_INTERVAL);
}
