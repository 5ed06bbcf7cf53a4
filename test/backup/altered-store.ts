import { type Store, StoreError } from '../../src/backup/store/store.ts';

/** A store that does some things in another way. */
export function alteredStore(store: Store, altered: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(altered, property) ?? Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** A store in which some objects lie in an archive class: they are listed, and cannot be read. */
export function partlyCold(store: Store, isCold: (key: string) => boolean): Store {
  return alteredStore(store, {
    get: async function* (key, range, signal) {
      if (isCold(key)) throw new StoreError('STORE_COLD', `${key} lies in cold storage`, { key });
      yield* store.get(key, range, signal);
    },
  });
}

/** All keys of a store. */
export async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

/** An object as a whole. */
export async function bytesOf(store: Store, key: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of store.get(key)) pieces.push(piece);
  return Buffer.concat(pieces);
}
