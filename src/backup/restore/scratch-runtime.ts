import { stat } from 'node:fs/promises';

/** What Go's runtime takes as 100: garbage is collected when the heap has become so much larger, in percent. */
const SELDOM_PERCENT = 400;
/** So many times the snapshot: the index of the keys is smaller than half of it unless values are tiny, and grows to five times. */
const SNAPSHOTS_IN_MEMORY = 3;

/**
 * How the runtime of a scratch etcd is to work, as its environment. One thread: others would let transactions overtake each
 * other. And garbage is collected more seldom than usual, which makes a fifth more revisions a second in a store of half a
 * million keys; but only where there is memory for it, within the limits of this process's group too.
 */
export async function runtimeSettings(snapshotFile: string): Promise<NodeJS.ProcessEnv> {
  const { size } = await stat(snapshotFile);
  const hasRoom = size * SNAPSHOTS_IN_MEMORY <= process.availableMemory();
  return { GOMAXPROCS: '1', ...(hasRoom ? { GOGC: String(SELDOM_PERCENT) } : {}) };
}
