import { createHash } from 'node:crypto';
import { AgentError } from '../../cluster/agent-error.ts';
import { type DeltaManifest, encodeManifest } from '../manifest.ts';
import { ByteReader } from './byte-reader.ts';
import { joinedRecords, spanOf } from './joined-records.ts';
import { manifestFrames } from './manifest-frames.ts';
import type { DeltaRecord } from './revision-batch.ts';
import { decodeSegment, readManifest } from './segment.ts';
import { type EncodedSegment, encodeSegment, type SegmentCipher } from './segment-writer.ts';
import type { Spool, SpoolPiece } from './spool.ts';

export interface JoinOptions {
  readonly spool: Spool;
  /** Revisions up to here are left out. */
  readonly after: bigint;
  readonly epoch: bigint;
  readonly previousManifestSha256: string | undefined;
  readonly cipher: SegmentCipher | undefined;
}

/** Pieces of the spool as one segment for a store, proven on the way. Throws `SEGMENT_DAMAGED`, and what reading the spool throws. */
export async function joinPieces(pieces: readonly SpoolPiece[], options: JoinOptions): Promise<EncodedSegment> {
  const { spool, after, epoch, previousManifestSha256, cipher } = options;
  const [only, second] = pieces;
  const from = only?.from ?? 0n;
  const own = { epoch, ...(previousManifestSha256 === undefined ? {} : { previousManifestSha256 }) };
  if (only !== undefined && second === undefined && cipher === undefined && from > after) {
    return await underOwnManifest(only, spool, own);
  }
  const manifests: DeltaManifest[] = [];
  // One after the other: where much has piled up there are more pieces than files may be open.
  async function* opened(): AsyncGenerator<AsyncIterable<DeltaRecord>, void, undefined> {
    for (const piece of pieces) {
      const { manifest, records } = await decodeSegment(spool.read(piece), { key: piece.name });
      manifests.push(manifest);
      yield records;
    }
  }
  return encodeSegment(
    () => ({ ...spanOf(manifests), firstRevision: from > after ? from : after + 1n, ...own }),
    joinedRecords(opened(), after),
    cipher === undefined ? {} : { cipher },
  );
}

/** One piece as it is, only under another manifest: the usual case, which need not be compressed again. */
async function underOwnManifest(
  piece: SpoolPiece,
  spool: Spool,
  own: Pick<DeltaManifest, 'epoch' | 'previousManifestSha256'>,
): Promise<EncodedSegment> {
  await using reader = new ByteReader(spool.read(piece));
  const { manifest: former } = await readManifest(reader, piece.name);
  const body: Buffer[] = [];
  const hash = createHash('sha256');
  for await (const part of reader.rest()) {
    hash.update(part);
    body.push(part);
  }
  if (hash.digest('hex') !== former.stored.sha256) {
    throw new AgentError('SEGMENT_DAMAGED', `The piece ${piece.name} of the spool is damaged.`, {
      remedy: 'Nothing: it is put aside when the stream is opened again, and what it held is read from etcd once more.',
    });
  }
  const manifest: DeltaManifest = { ...former, ...own };
  const text = encodeManifest(manifest);
  const manifestSha256 = createHash('sha256').update(text).digest('hex');
  return { manifest, manifestSha256, object: Buffer.concat([manifestFrames(text), ...body]) };
}
