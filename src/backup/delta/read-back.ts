import { type Store, StoreError } from '../store/store.ts';

/** What the store holds is what it was given; else it is put once more. Throws `STORE_DAMAGED`, and what the store does. */
export async function requireSame(store: Store, key: string, object: Buffer, signal: AbortSignal): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of store.get(key, undefined, signal)) pieces.push(piece);
  if (Buffer.concat(pieces).equals(object)) return;
  throw new StoreError('STORE_DAMAGED', `${key} in ${store.url} is not what was put there.`, {
    key,
    remedy: 'It is put again. Look at the store: what it confirmed it does not have.',
  });
}
