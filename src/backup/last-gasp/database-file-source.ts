import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { SnapshotCheck } from '../full/checked-snapshot.ts';
import { writeKept } from './kept-file.ts';
import type { GaspManifest } from './manifest.ts';
import { GASP_SNAPSHOT } from './snapshot-source.ts';
import { contentFacts, type GaspSource } from './source.ts';
import { lookAt, whileUnchanged } from './unchanged.ts';

const PIECE_BYTES = 512 * 1024;

/** A member that runs, and its database. */
export interface RunningDatabase extends Pick<GaspManifest, 'clusterId' | 'memberId' | 'etcdVersion'> {
  readonly member: string;
  readonly dataDir: string;
}

/**
 * The database file of a member that runs, for where its Snapshot call refuses the agent: under auth a token takes a quorum. Without
 * one nothing is applied, so that the file stands still once etcd's last batch is in it (within 100 ms), and what stands still
 * is what the Snapshot call would give. It is written with the checksum at its end that such a snapshot has.
 */
export function databaseFileGasp({ member, dataDir, ...known }: RunningDatabase): GaspSource {
  const database = join(dataDir, 'member/snap/db');
  return {
    kind: 'database-file',
    preview: async () => {
      const { bytes, fingerprint } = await lookAt([database]);
      return { ...known, bytes, fingerprint };
    },
    copyInto: async (folder, signal) =>
      await whileUnchanged(
        async () => [database],
        async () => {
          const check = new SnapshotCheck(member);
          await writeKept(join(folder, GASP_SNAPSHOT), check.pass(withChecksum(database, signal)), signal);
          const { plain, content } = check.finished();
          return { files: [{ path: GASP_SNAPSHOT, ...plain }], content: contentFacts(content) };
        },
      ),
  };
}

async function* withChecksum(path: string, signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES, signal }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    yield piece;
  }
  yield hash.digest();
}
