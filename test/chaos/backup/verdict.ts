import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { chainsOf } from '../../../src/backup/chain.ts';
import { choosePlace, findPlaces, type StorePlace } from '../../../src/backup/places.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import type { Store } from '../../../src/backup/store/store.ts';
import type { Finding } from '../../../src/backup/verify/findings.ts';
import { verifyStore } from '../../../src/backup/verify/verify-store.ts';
import { until } from '../waiting.ts';
import type { Ground } from './ground.ts';

const never = new AbortController().signal;

/** The one timeline of a store. */
async function timelineIn(store: Store): Promise<Store> {
  const { cluster, timeline } = choosePlace(await findPlaces(store), {}, store.url);
  return storeAt(store, `${cluster}/${timeline}`);
}

/** Timelines beside the one that there must be: nobody has set this cluster back. */
export async function placesIn(store: Store): Promise<readonly StorePlace[]> {
  return await findPlaces(store);
}

/** Waits until every store has all up to a revision in one chain; gives their timelines. */
export async function storedUpTo({ stores }: Ground, revision: bigint, patienceMs: number): Promise<readonly Store[]> {
  let timelines: readonly Store[] = [];
  await until(
    'not everything is stored',
    async () => {
      timelines = await Promise.all(stores.map(timelineIn));
      const behind = await Promise.all(
        timelines.map(async (store) => {
          const [newest] = chainsOf(await readCatalogue(store));
          if (newest !== undefined && newest.lastRevision >= revision) return undefined;
          return `${store.url} has ${newest?.lastRevision ?? 'nothing'}, not ${revision}`;
        }),
      );
      return behind.find((text) => text !== undefined);
    },
    { pauseMs: 300, patienceMs },
  );
  return timelines;
}

/** What `verify` finds that nobody has said. */
export async function unexplained(ground: Ground, store: Store): Promise<readonly string[]> {
  const { decryption } = ground;
  const { findings } = await verifyStore({ store, ...(decryption === undefined ? {} : { decryption }) }, never);
  const told = brokenIn(ground.logs(), store.url);
  const explained = ({ code, range }: Finding): boolean => {
    if (code !== 'GAP' || range === undefined) return false;
    for (let revision = range.from; revision <= range.to; revision += 1n) {
      if (!told.some(({ from, to }) => from <= revision && revision <= to)) return false;
    }
    return true;
  };
  const faults = findings.filter((finding) => finding.severity === 'fault' && !explained(finding));
  return faults.map(({ code, message }) => `verify: ${code} ${message}`);
}

/** What the agents have said that was lost to the chain of a store, whose URL is another one for them. */
function brokenIn(logs: string, url: string): readonly { readonly from: bigint; readonly to: bigint }[] {
  const scheme = url.slice(0, url.indexOf(':'));
  const pattern = /Revisions (\d+) to (\d+) are in no segment of (\w+):/g;
  return [...logs.matchAll(pattern)]
    .filter(([, , , of]) => of === scheme)
    .map(([, from = '', to = '']) => ({ from: BigInt(from), to: BigInt(to) }));
}
