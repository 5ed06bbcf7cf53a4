import type { Store } from '../../src/backup/store/store.ts';

/** A store that does some things in another way. */
export function alteredStore(store: Store, altered: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, property) => {
      const value: unknown = Reflect.get(altered, property) ?? Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
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
