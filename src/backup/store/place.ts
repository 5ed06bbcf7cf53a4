import { checkKey } from './keys.ts';
import type { ByteRange, PutOptions, Store, StoredObject } from './store.ts';

/**
 * A folder of a store as a store of its own: keys are below it. Whoever closes it closes nothing: the store behind it
 * belongs to whoever opened that. Requests are counted there.
 * @param place without a slash at either end
 */
export function storeAt(store: Store, place: string): Store {
  checkKey(place);
  const begin = `${place}/`;
  const below = (object: StoredObject): StoredObject => ({ ...object, key: object.key.slice(begin.length) });
  return {
    url: `${store.url}/${place}`,
    kind: store.kind,
    get requests() {
      return store.requests;
    },
    put: async (key: string, body: Buffer | AsyncIterable<Buffer>, options?: PutOptions, signal?: AbortSignal) =>
      await store.put(begin + key, body, options, signal),
    get: (key: string, range?: ByteRange, signal?: AbortSignal) => store.get(begin + key, range, signal),
    head: async (key: string, signal?: AbortSignal) => {
      const found = await store.head(begin + key, signal);
      return found === undefined ? undefined : below(found);
    },
    async *list(prefix: string, { after = '' }: { readonly after?: string } = {}, signal?: AbortSignal) {
      const from = after === '' ? {} : { after: begin + after };
      for await (const object of store.list(begin + prefix, from, signal)) yield below(object);
    },
    remove: async (key: string, signal?: AbortSignal) => await store.remove(begin + key, signal),
    // Bound anew, since it may be there or not.
    ...(store.reclass === undefined
      ? {}
      : {
          reclass: async (key: string, storageClass: string, signal?: AbortSignal) =>
            (await store.reclass?.(begin + key, storageClass, signal)) ?? false,
        }),
    listAbandoned: async (olderThanMs: number, signal?: AbortSignal, folder = '') =>
      (await store.listAbandoned(olderThanMs, signal, folder === '' ? place : begin + folder)).map((upload) => ({
        ...upload,
        key: upload.key.slice(begin.length),
      })),
    removeAbandoned: async (olderThanMs: number, signal?: AbortSignal, folder = '') =>
      await store.removeAbandoned(olderThanMs, signal, folder === '' ? place : begin + folder),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
