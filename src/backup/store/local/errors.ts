import { StoreError, type StoreErrorCode } from '../store.ts';

const codes: ReadonlyMap<string, { readonly code: StoreErrorCode; readonly says: string; readonly remedy: string }> =
  new Map(
    (
      [
        [['ENOENT'], 'STORE_NOT_FOUND', 'it is not there', 'Look at what is in the folder.'],
        [['EEXIST'], 'STORE_EXISTS', 'it is there already', 'It is left as it is.'],
        [['ENOSPC', 'EDQUOT'], 'STORE_FULL', 'there is no room', 'Make room, or let retention keep less.'],
        [
          ['ENOTDIR', 'EISDIR'],
          'STORE_FAILED',
          'a file is where a folder should be, or the reverse',
          'Look at the folder.',
        ],
        [['EFBIG'], 'STORE_FULL', 'it is too large for this file system', 'Choose another file system.'],
        [
          ['EACCES', 'EPERM', 'EROFS'],
          'STORE_DENIED',
          'the system does not allow it',
          "Look at the folder's owner and mode, and whether the file system can be written.",
        ],
        [
          ['ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ENOTCONN', 'ENODEV', 'ENXIO'],
          'STORE_UNREACHABLE',
          'the file system does not answer',
          'Look at the mount.',
        ],
        [
          ['EIO', 'EBADMSG', 'EUCLEAN'],
          'STORE_DAMAGED',
          'the disk cannot do it',
          "Look at the disk and the kernel's log.",
        ],
        [
          ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'],
          'STORE_UNSUPPORTED',
          'this file system cannot do that',
          'Choose a file system of Linux (ext4, xfs) or NFS.',
        ],
      ] as const
    ).flatMap(([systemCodes, code, says, remedy]) =>
      systemCodes.map((systemCode) => [systemCode, { code, says, remedy }] as const),
    ),
  );

/** Errors of the file system that may pass while nobody does anything. */
export function mayPassLocally(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ESTALE' || code === 'EMFILE' || code === 'ENFILE' || code === 'EAGAIN' || code === 'ETIMEDOUT';
}

/** What a store fails with at once while an earlier call, given up, still hangs: each one more would hold another thread. */
export function hanging(url: string, tried: string): StoreError {
  const message = `Nothing is asked of ${url} (to ${tried} something): a call that was given up has not come back yet.`;
  return new StoreError('STORE_UNREACHABLE', message, {
    remedy: 'Look at the mount: its file system does not answer.',
  });
}

/** `ENOSPC` and the like; undefined where it is no error of the system. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * What the file system said, as an error of the store; whatever else was thrown (the body's own error, an abort) comes back
 * as it is.
 * @param tried "write", "read"
 */
export function localError(error: unknown, tried: string, url: string, key: string | undefined): unknown {
  if (error instanceof StoreError) return error;
  const systemCode = systemCodeOf(error);
  const isOfSystem = error instanceof Error && 'syscall' in error;
  if (systemCode === undefined || !isOfSystem) return error;
  // Only the folder can be missing where something is written: somebody took it away.
  const known = tried === 'write' && systemCode === 'ENOENT' ? undefined : codes.get(systemCode);
  const what = key === undefined ? url : `${key} in ${url}`;
  const message = `Could not ${tried} ${what}: ${known?.says ?? 'the system refused'} (${systemCode}).`;
  return new StoreError(known?.code ?? 'STORE_FAILED', message, {
    cause: error,
    ...(known === undefined ? {} : { remedy: known.remedy }),
    ...(key === undefined ? {} : { key }),
  });
}
