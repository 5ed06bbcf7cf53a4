/** What a parser of one value gives back: the value, or one sentence on what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string };
