/** What etcd's comparison at its start says of one peer whose data are others than its own. */
interface Found {
  /** Of the one peer. */
  readonly urls: readonly string[];
  /** Both revisions, at which the hashes were computed, and the peer's hash. */
  readonly of: string;
}

const DIFFERENT_HASH = 'found different hash values from remote peer';

/**
 * Peer URLs of those members that have other data than this one and the same among themselves, as etcd's own comparison at its start
 * (`--experimental-initial-corrupt-check`) has logged it: hashes at one revision and one compact revision. The largest such group, by its members; none
 * where etcd has not compared. Lines of etcd 3.4 and 3.5, `CheckInitialHashKV` and `InitialCheck` in etcdserver/corrupt.go.
 */
export function differingPeers(log: string): readonly string[] {
  const groups = new Map<string, Map<string, readonly string[]>>();
  for (const line of log.split('\n')) {
    const found = line.includes(DIFFERENT_HASH) ? foundIn(line) : undefined;
    if (found === undefined) continue;
    const group = groups.get(found.of) ?? new Map<string, readonly string[]>();
    group.set(found.urls.join(), found.urls);
    groups.set(found.of, group);
  }
  const [largest] = [...groups.values()].toSorted((a, b) => b.size - a.size);
  return [...(largest?.values() ?? [])].flat();
}

function foundIn(line: string): Found | undefined {
  try {
    const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const urls = fields['remote-peer-endpoints'];
    const [compactRevision, revision] = [fields['local-member-compact-revision'], fields['local-member-revision']];
    // Etcd calls it that only where the compact revisions are the same: others would be no proof.
    if (compactRevision !== fields['remote-peer-compact-revision'] || !Array.isArray(urls)) return undefined;
    return {
      urls: urls.filter((url) => typeof url === 'string'),
      of: JSON.stringify([revision, compactRevision, fields['remote-peer-hash']]),
    };
  } catch {
    // The first line of a tail may lack its beginning.
    return undefined;
  }
}
