import { hash } from 'node:crypto';

/** A key as it was at a point. */
export interface KeyState {
  /** At which it was written last. */
  readonly modRevision: bigint;
  readonly valueBytes: number;
  /** Tells whether two values are the same. */
  readonly valueSha256: string;
}

/** `rewritten`: it was written again, or deleted and made anew, with the same value. */
export type ChangeKind = 'added' | 'removed' | 'changed' | 'rewritten';

/** What became of a key between two points. */
export interface KeyChange {
  readonly kind: ChangeKind;
  readonly key: Buffer;
  readonly before?: KeyState;
  readonly after?: KeyState;
}

export function keyState(modRevision: bigint, value: Buffer): KeyState {
  return { modRevision, valueBytes: value.length, valueSha256: hash('sha256', value, 'base64url') };
}

/** Undefined where nothing became of it: it is there at neither point. */
export function changeOf(
  key: Buffer,
  before: KeyState | undefined,
  after: KeyState | undefined,
): KeyChange | undefined {
  if (before === undefined) return after === undefined ? undefined : { kind: 'added', key, after };
  if (after === undefined) return { kind: 'removed', key, before };
  const isSame = before.valueBytes === after.valueBytes && before.valueSha256 === after.valueSha256;
  return { kind: isSame ? 'rewritten' : 'changed', key, before, after };
}
