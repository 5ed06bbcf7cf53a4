import type { StoreRequests } from './store.ts';

/** Requests so far, by kind. */
export type RequestCounts = { -readonly [kind in keyof StoreRequests]: number };

/** None yet. */
export function noRequests(): RequestCounts {
  return { put: 0, get: 0, head: 0, list: 0, delete: 0 };
}
