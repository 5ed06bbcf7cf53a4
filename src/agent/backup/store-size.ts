import type { Store } from '../../backup/store/store.ts';

/** What a store holds of a timeline. */
export interface StoreSize {
  readonly objects: number;
  readonly bytes: number;
}

/** Counts it by listing all of it. Throws what the store does. */
export async function storeSize(store: Store, signal: AbortSignal): Promise<StoreSize> {
  let objects = 0;
  let total = 0;
  for await (const { bytes } of store.list('', {}, signal)) {
    objects += 1;
    total += bytes;
  }
  return { objects, bytes: total };
}
