import { createReadStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOf } from '../../cluster/agent-error.ts';
import { ContentReader } from '../full/bolt/content.ts';
import { syncFolder } from '../store/local/durable-file.ts';
import { writeKept } from './kept-file.ts';
import type { GaspFile, GaspManifest } from './manifest.ts';
import { contentFacts, type GaspCopy, type GaspSource } from './source.ts';
import { lookAt, whileUnchanged } from './unchanged.ts';

const PIECE_BYTES = 512 * 1024;

/** A member that has ended, and where its files are. */
export interface StoppedMember extends Pick<GaspManifest, 'clusterId' | 'memberId' | 'etcdVersion'> {
  readonly dataDir: string;
  readonly walDir: string;
  /** Throws where somebody has one of these files locked, as an etcd that runs does. */
  readonly refuseLocked: (paths: readonly string[], signal: AbortSignal) => Promise<void>;
}

/** Of the last gasp, wherever the member has its WAL: so etcd takes it as a data dir. */
const SNAP = 'data/member/snap';
const WAL = 'data/member/wal';
const DATABASE = `${SNAP}/db`;

interface Named {
  readonly from: string;
  /** Below the folder of the last gasp. */
  readonly path: string;
}

/**
 * The data dir of a member that has ended: its database and its WAL, which may hold more than that. Files are only read, and a member
 * that starts meanwhile is seen by its locks and by what it changes: then nothing is kept.
 */
export function dataDirGasp({ dataDir, walDir, refuseLocked, ...known }: StoppedMember): GaspSource {
  const files = async (): Promise<readonly Named[]> => [
    ...(await filesIn(join(dataDir, 'member/snap'), SNAP)),
    // The segment that etcd prepares as its next one has nothing in it.
    ...(await filesIn(walDir, WAL)).filter(({ from }) => !from.endsWith('.tmp')),
  ];
  const paths = async (): Promise<readonly string[]> => (await files()).map(({ from }) => from);
  return {
    kind: 'data-dir',
    preview: async () => {
      const { bytes, fingerprint } = await lookAt(await paths());
      return { ...known, bytes, fingerprint };
    },
    copyInto: async (folder, signal) => {
      await refuseLocked(await paths(), signal);
      const copied = await whileUnchanged(paths, async () => await copyAll(await files(), folder, signal));
      await refuseLocked(await paths(), signal);
      return copied;
    },
  };
}

async function copyAll(files: readonly Named[], folder: string, signal: AbortSignal): Promise<GaspCopy> {
  const folders = ['data', 'data/member', SNAP, WAL].map((path) => join(folder, path));
  for (const each of folders) await mkdir(each, { mode: 0o700 });
  const copied: GaspFile[] = [];
  for (const { from, path } of files) {
    copied.push({ path, ...(await writeKept(join(folder, path), piecesOf(from, signal), signal)) });
  }
  for (const each of folders.toReversed()) await syncFolder(each);
  try {
    const content = new ContentReader();
    for await (const piece of piecesOf(join(folder, DATABASE), signal)) content.write(piece);
    return { files: copied, content: contentFacts(content.end()) };
  } catch (error) {
    signal.throwIfAborted();
    // It is kept all the same: who recovers may have nothing better, and what this cannot read may be mended by hand.
    return { files: copied, contentUnread: faultOf(error).message };
  }
}

async function filesIn(folder: string, to: string): Promise<readonly Named[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ from: join(folder, name), path: `${to}/${name}` }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function piecesOf(path: string, signal: AbortSignal): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: PIECE_BYTES, signal });
  // It may end before anybody reads it, as where the signal comes first; whoever reads it is told all the same.
  file.on('error', () => undefined);
  return file;
}
