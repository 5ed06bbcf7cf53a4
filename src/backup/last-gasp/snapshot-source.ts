import { join } from 'node:path';
import type { MemberClient } from '../../etcd/member-client.ts';
import { SnapshotCheck } from '../full/checked-snapshot.ts';
import { countKeys } from '../full/count-keys.ts';
import { writeKept } from './kept-file.ts';
import { contentFacts, type GaspSource } from './source.ts';

/** The name of the one file: as `etcdctl snapshot save` would have written it, and as `etcdutl snapshot restore` takes it. */
export const GASP_SNAPSHOT = 'snapshot.db';

/** The Snapshot call of a member. Each member serves it by itself, so that it needs neither a leader nor a quorum. */
export function snapshotGasp(client: Pick<MemberClient, 'member' | 'status' | 'snapshot' | 'range'>): GaspSource {
  return {
    kind: 'snapshot',
    preview: async (signal) => {
      const { header, version, dbSizeBytes, raftTerm, raftIndex, raftAppliedIndex } = await client.status(signal);
      const { clusterId, memberId, revision } = header;
      return {
        ...{ bytes: dbSizeBytes, clusterId, memberId, etcdVersion: version },
        raft: { term: raftTerm, index: raftIndex, appliedIndex: raftAppliedIndex },
        fingerprint: `applied ${clusterId} ${memberId} ${raftAppliedIndex} ${revision}`,
      };
    },
    copyInto: async (folder, signal) => {
      const check = new SnapshotCheck(client.member);
      await writeKept(join(folder, GASP_SNAPSHOT), check.pass(blobsOf(client, signal)), signal);
      const { plain, content } = check.finished();
      const counted = await countKeys(client, content, signal);
      return {
        files: [{ path: GASP_SNAPSHOT, ...plain }],
        content: contentFacts(content, counted.by === 'member' && counted.agrees ? counted.keys : undefined),
      };
    },
  };
}

async function* blobsOf(
  client: Pick<MemberClient, 'snapshot'>,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const { blob } of client.snapshot(signal)) yield blob;
}
