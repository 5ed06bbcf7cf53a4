import { StoreError, type StoreErrorCode } from '../store.ts';

/** Whether an error is worth another attempt: as long as patience lasts, a few times, or not at all. */
export type Prospect = 'passes' | 'briefly' | 'final';

interface Meaning {
  readonly code: StoreErrorCode;
  readonly prospect: Prospect;
  readonly says: string;
  readonly remedy: string;
}

const unreachable: Meaning = {
  code: 'STORE_UNREACHABLE',
  prospect: 'passes',
  says: 'it does not answer as it should',
  remedy: 'Look at the network between here and the store, and at the store itself.',
};
const denied: Meaning = {
  code: 'STORE_DENIED',
  prospect: 'final',
  says: 'it does not allow it',
  remedy: "Look at the credentials and the bucket's policy; for a removal also at Object Lock and holds.",
};
const damaged: Meaning = {
  code: 'STORE_DAMAGED',
  prospect: 'briefly',
  says: 'what arrived is not what was sent',
  remedy: 'Look at proxies and network cards between here and the store. For older servers: checksums: when-required.',
};
const full: Meaning = {
  code: 'STORE_FULL',
  prospect: 'final',
  says: 'there is no room',
  remedy: "Raise the bucket's quota, make room, or let retention keep less.",
};
const unsupported: Meaning = {
  code: 'STORE_UNSUPPORTED',
  prospect: 'final',
  says: 'it cannot do that',
  remedy:
    'For older servers: checksums: when-required, pathStyle: true, and no storage class or encryption that they lack.',
};
const untrusted: Meaning = {
  code: 'STORE_UNREACHABLE',
  prospect: 'briefly',
  says: 'its certificate is not accepted',
  remedy: "Set backup.s3.ca to the CA of the store's certificate, and look at the host name in the endpoint.",
};
const noBucket: Meaning = {
  code: 'STORE_FAILED',
  prospect: 'final',
  says: 'there is no such bucket',
  remedy: 'Make the bucket, or look at its name, the region and the endpoint.',
};

const gone: Meaning = {
  code: 'STORE_NOT_FOUND',
  prospect: 'final',
  says: 'it is not there',
  remedy: 'List what is there: `backup list`.',
};
const exists: Meaning = {
  code: 'STORE_EXISTS',
  prospect: 'final',
  says: 'it is there already',
  remedy: 'It is left as it is.',
};

/** An answer with a status of success that lacks what such an answer has: something else than the store gave it. */
export class IncompleteAnswer extends Error {
  override readonly name = 'IncompleteAnswer';
}

/** By the code that S3 says, where it means something else than its status. */
const byName: ReadonlyMap<string, Meaning> = new Map([
  ['NoSuchBucket', noBucket],
  ['NoSuchKey', gone],
  ['NotFound', gone],
  ['PreconditionFailed', exists],
  ['IncompleteAnswer', unreachable],
  [
    'InvalidObjectState',
    {
      code: 'STORE_COLD',
      prospect: 'final',
      says: 'it lies in cold storage',
      remedy: "Have it restored there first (RestoreObject), and look at the bucket's lifecycle rules.",
    },
  ],
  ['PermanentRedirect', { ...noBucket, says: 'the bucket is in another region', remedy: 'Set backup.s3.region.' }],
  ['AuthorizationHeaderMalformed', { ...noBucket, says: 'the region is wrong', remedy: 'Set backup.s3.region.' }],
  [
    'NoSuchUpload',
    { ...unreachable, prospect: 'final', says: 'the upload has been taken away', remedy: 'It is made anew.' },
  ],
  ['BadDigest', damaged],
  ['InvalidDigest', damaged],
  ['XAmzContentSHA256Mismatch', damaged],
  ['XAmzContentChecksumMismatch', damaged],
  ['QuotaExceeded', full],
  ['XMinioStorageFull', full],
  ['XMinioAdminBucketQuotaExceeded', full],
  ['InsufficientStorage', full],
  ['NotImplemented', unsupported],
  ['MethodNotAllowed', unsupported],
  ['InvalidStorageClass', unsupported],
  ['RequestTimeout', unreachable],
  ['IncompleteBody', unreachable],
  ['ConditionalRequestConflict', unreachable],
  ['OperationAborted', unreachable],
  ['ExpiredToken', { ...denied, prospect: 'briefly' }],
  ['ExpiredTokenException', { ...denied, prospect: 'briefly' }],
  ['InvalidAccessKeyId', { ...denied, prospect: 'briefly' }],
  ['SignatureDoesNotMatch', { ...denied, prospect: 'briefly' }],
  ['RequestTimeTooSkewed', { ...denied, says: 'the clocks differ too much', remedy: "Set this machine's clock." }],
  ['CredentialsProviderError', { ...denied, prospect: 'briefly', says: 'there are no credentials for it' }],
  ['InvalidToken', denied],
  ['AccessDenied', denied],
]);

const byStatus: ReadonlyMap<number, Meaning> = new Map([
  [401, denied],
  // Without a word why (a HEAD has none) it may be credentials that are being replaced.
  [403, { ...denied, prospect: 'briefly' }],
  [405, unsupported],
  [408, unreachable],
  [409, unreachable],
  [425, unreachable],
  [429, unreachable],
  [501, unsupported],
  [507, full],
]);

const certificateFault = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

/** What S3, the SDK or the network meant; undefined where it is none of theirs. */
function meaningOf(error: Error): Meaning | undefined {
  const { name, code, status } = saidBy(error);
  if (certificateFault.test(code)) return untrusted;
  const named = byName.get(name) ?? byName.get(code);
  if (named !== undefined) return named;
  if (status !== undefined && status >= 300) {
    const known = byStatus.get(status);
    if (known !== undefined) return known;
    return status >= 500
      ? unreachable
      : { code: 'STORE_FAILED', prospect: 'final', says: 'it refuses the request', remedy: 'Look at what it says.' };
  }
  if (/checksum mismatch/i.test(error.message)) return damaged;
  // An answer with a status of success that cannot be read was cut, or came from something in between.
  const isOfNetwork = 'syscall' in error || /^(?:E[A-Z]+$|ERR_|HPE_|UND_|EAI_)/.test(code);
  return isOfNetwork || name === 'TimeoutError' || status !== undefined ? unreachable : undefined;
}

/** What an error of the SDK says about itself. */
export function saidBy(error: unknown): { readonly name: string; readonly code: string; readonly status?: number } {
  if (!(error instanceof Error)) return { name: '', code: '' };
  const metadata: unknown = Reflect.get(error, '$metadata');
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : 0;
  const code: unknown = Reflect.get(error, 'code') ?? Reflect.get(error, 'Code');
  return {
    name: error.name,
    code: typeof code === 'string' ? code : '',
    ...(typeof status === 'number' && status > 0 ? { status } : {}),
  };
}

/** Whether it is worth another attempt. Errors of the body and of our own are not. */
export function prospectOf(error: unknown): Prospect {
  if (error instanceof StoreError || !(error instanceof Error)) return 'final';
  return meaningOf(error)?.prospect ?? 'final';
}

/**
 * What was said, as an error of the store, without anything of the request; what is no error of S3 or the network comes back
 * as it is.
 * @param tried "put full/x.json"
 */
export function s3Error(error: unknown, tried: string, url: string, key: string | undefined): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const meaning = meaningOf(error);
  if (meaning === undefined) return error;
  const { name, code, status } = saidBy(error);
  const said = [...new Set([status === undefined ? '' : `HTTP ${status}`, name === 'Error' ? '' : name, code])]
    .filter((word) => word !== '')
    .join(', ');
  return new StoreError(meaning.code, `Could not ${tried} at ${url}: ${meaning.says} (${said}).`, {
    remedy: meaning.remedy,
    cause: error,
    ...(key === undefined ? {} : { key }),
  });
}

/** Somebody else's object is where one was to be put. */
export function existsAlready(url: string, key: string): StoreError {
  return new StoreError('STORE_EXISTS', `${key} is there already in ${url}.`, { remedy: 'It is left as it is.', key });
}
