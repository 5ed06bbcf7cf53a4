import type { JournalValue } from '../cluster/caretaking.ts';

/** A value as the API's JSON has it: int64 as decimal text, and infinity as `"+Inf"`; what is JSON in any case stays so. */
export type AsJson<T> = [JournalValue] extends [T]
  ? T
  : T extends bigint
    ? string
    : T extends number
      ? number | '+Inf'
      : T extends string | boolean | undefined
        ? T
        : { readonly [K in keyof T]: AsJson<T[K]> };
