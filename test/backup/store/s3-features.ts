import { createHash } from 'node:crypto';
import { access, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Answer, type Arrived, errorAnswer } from './fault-proxy.ts';
import { bucketName, objectPath } from './s3-server.ts';

/** What S3 has and s3rver lacks, and what may be forbidden. */
export interface S3Features {
  /** `If-None-Match: *` is honoured, also at the end of an upload in parts. */
  readonly conditionalWrites?: boolean;
  /** Uploads in parts can be listed and aborted. */
  readonly uploads?: boolean;
  /** Objects are listed in so many to a page (s3rver cannot: it needs a cipher that OpenSSL has left out). */
  readonly pageSize?: number;
  /** Parts of an upload can be copied from an object. */
  readonly partCopies?: boolean;
  /** As without the right to delete, and under Object Lock. */
  readonly noDelete?: boolean;
}

/** Answers as S3 does with what lies in s3rver's folder; passes the rest on. */
export function s3Features(
  directory: string,
  { conditionalWrites = false, uploads = false, partCopies = false, noDelete = false, pageSize }: S3Features,
  passOn: (request: Arrived) => Promise<Answer>,
): (request: Arrived) => Promise<Answer> {
  // One conditional write after the other, as S3 orders them.
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = async (work: () => Promise<Answer>): Promise<Answer> => {
    const mine = before.then(work, work);
    before = mine;
    return await mine;
  };
  const aborted = new Set<string>();
  const underWay = new Map<string, Set<Promise<Answer>>>();
  /** S3 takes no part for an upload that was aborted; s3rver falls over where its folder goes meanwhile. */
  const ofUpload = async (id: string, request: Arrived): Promise<Answer> => {
    if (aborted.has(id)) return errorAnswer(404, 'NoSuchUpload');
    const others = underWay.get(id) ?? new Set();
    underWay.set(id, others);
    const mine = passOn(request);
    others.add(mine);
    return await mine.finally(() => others.delete(mine));
  };
  const abort = async (id: string): Promise<Answer> => {
    aborted.add(id);
    await Promise.allSettled(underWay.get(id) ?? []);
    await rm(join(directory, bucketName, '._S3rver_uploads', id), { recursive: true, force: true });
    return { status: 204, headers: {}, body: Buffer.alloc(0) };
  };
  return async (request) => {
    const url = new URL(request.url, 'http://s3');
    const key = decodeURIComponent(url.pathname).slice(`/${bucketName}/`.length);
    const uploadId = url.searchParams.get('uploadId');
    if (noDelete && request.method === 'DELETE') return errorAnswer(403, 'AccessDenied');
    if (uploads && request.method === 'DELETE' && uploadId !== null) return await abort(uploadId);
    const source = request.headers['x-amz-copy-source'];
    if (partCopies && uploadId !== null && typeof source === 'string') return await copyPart(directory, url, request);
    if (pageSize !== undefined && url.searchParams.get('list-type') === '2') {
      return await listObjects(directory, url.searchParams, pageSize);
    }
    const passing = async () =>
      uploads && uploadId !== null ? await ofUpload(uploadId, request) : await passOn(request);
    if (uploads && request.method === 'GET' && url.searchParams.has('uploads')) {
      return await listUploads(directory, url.searchParams.get('prefix') ?? '');
    }
    if (!conditionalWrites || request.headers['if-none-match'] !== '*') return await passing();
    return await inTurn(async () => {
      const isThere = await access(objectPath(directory, key)).then(
        () => true,
        () => false,
      );
      return isThere ? errorAnswer(412, 'PreconditionFailed') : await passing();
    });
  };
}

/** As S3 does it with what s3rver keeps of parts. */
async function copyPart(directory: string, url: URL, { headers }: Arrived): Promise<Answer> {
  const key = decodeURIComponent(String(headers['x-amz-copy-source'])).slice(`${bucketName}/`.length);
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-amz-copy-source-range'])) ?? [];
  const part = (await readFile(objectPath(directory, key))).subarray(Number(from), Number(to) + 1);
  const { uploadId, partNumber } = Object.fromEntries(url.searchParams);
  const path = join(directory, bucketName, '._S3rver_uploads', uploadId ?? '', partNumber ?? '');
  const md5 = createHash('md5').update(part).digest('hex');
  await writeFile(path, part);
  await writeFile(`${path}.md5`, md5);
  const body = `<?xml version="1.0" encoding="UTF-8"?><CopyPartResult><ETag>"${md5}"</ETag></CopyPartResult>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}

async function listUploads(directory: string, prefix: string): Promise<Answer> {
  const folder = join(directory, bucketName, '._S3rver_uploads');
  const ids = await readdir(folder).catch(() => []);
  const entries = await Promise.all(
    ids.map(async (id) => ({
      id,
      key: await readFile(join(folder, id, 'key'), 'utf8'),
      initiated: (await stat(join(folder, id, 'key'))).mtime.toISOString(),
    })),
  );
  const listed = entries
    .filter(({ key }) => key.startsWith(prefix))
    .map(
      ({ id, key, initiated }) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${initiated}</Initiated></Upload>`,
    );
  const body = `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListMultipartUploadsResult>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}

async function listObjects(directory: string, asked: URLSearchParams, pageSize: number): Promise<Answer> {
  const folder = join(directory, bucketName);
  const after = asked.get('continuation-token') ?? asked.get('start-after') ?? '';
  const names = await readdir(folder, { recursive: true });
  const keys = names
    .filter((name) => name.endsWith('._S3rver_object'))
    .map((name) => name.slice(0, -'._S3rver_object'.length))
    .filter((key) => key.startsWith(asked.get('prefix') ?? '') && key > after)
    .sort();
  const page = keys.slice(0, pageSize);
  const rows = await Promise.all(
    page.map(async (key) => {
      const { size, mtime } = await stat(objectPath(directory, key));
      return `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>${mtime.toISOString()}</LastModified></Contents>`;
    }),
  );
  const isMore = keys.length > page.length;
  const next = isMore ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  const body = `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>${bucketName}</Name><IsTruncated>${isMore}</IsTruncated>${next}${rows.join('')}</ListBucketResult>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(body) };
}
