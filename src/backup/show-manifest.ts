import { AgentError } from '../cluster/agent-error.ts';
import { readCatalogue } from './chain/catalogue.ts';
import { MANIFEST_READ_BYTES } from './delta/manifest-frames.ts';
import { readSegmentManifest } from './delta/segment.ts';
import type { Manifest } from './manifest.ts';
import { readFullManifest } from './restore/fetch-chain.ts';
import type { Store } from './store/store.ts';

/**
 * The manifest of the newest full snapshot at a revision, of the object with a key, or of the segment that a revision is in.
 * Throws `OBJECT_UNKNOWN`, and what reading it throws.
 */
export async function readAnyManifest(store: Store, object: string, signal: AbortSignal): Promise<Manifest> {
  const { fulls, segments } = await readCatalogue(store, signal);
  const revision = /^\d{1,19}$/.test(object) ? BigInt(object) : undefined;
  const full = fulls.findLast(({ key, name }) => key === object || name.revision === revision);
  if (full !== undefined) return (await readFullManifest(store, full, signal)).manifest;
  const segment = segments.find(
    ({ key, name }) => key === object || (revision !== undefined && name.from <= revision && name.to >= revision),
  );
  if (segment === undefined) {
    throw new AgentError('OBJECT_UNKNOWN', `There is no manifest of ${object} in ${store.url}.`, {
      remedy: 'Look with `backup list` which full snapshots there are.',
    });
  }
  const beginning = store.get(segment.key, { fromByte: 0, toByte: MANIFEST_READ_BYTES }, signal);
  return (await readSegmentManifest(beginning, segment.key)).manifest;
}
