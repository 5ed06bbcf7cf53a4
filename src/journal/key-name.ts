/** What a key below the prefix is for. */
export type KeyName =
  | { readonly kind: 'leader' | 'epoch' | 'slot' | 'pause' | 'resumed' | 'armed' | 'places' | 'timeline' }
  | { readonly kind: 'agent'; readonly memberId: string }
  | { readonly kind: 'history'; readonly revision: bigint }
  | { readonly kind: 'request'; readonly id: string }
  | { readonly kind: 'report'; readonly operationId: string }
  | { readonly kind: 'spare-epoch'; readonly epoch: bigint; readonly memberId: string }
  /** Taken away to say `resume` while nothing can be put: see `pause.ts`. */
  | { readonly kind: 'resume-token'; readonly index: number }
  | { readonly kind: 'spare-step'; readonly epoch: bigint; readonly index: number }
  /** Not of the journal, or of a later version's. */
  | { readonly kind: 'other' };

const SINGLE = ['leader', 'epoch', 'slot', 'pause', 'resumed', 'armed', 'places', 'timeline'] as const;

/** Tells what a key is for: the reverse of `journalKeys`. @param name what comes after the prefix */
export function keyName(name: string): KeyName {
  const single = SINGLE.find((each) => each === name);
  if (single !== undefined) return { kind: single };
  const [folder, first = '', second = '', third = '', ...rest] = name.split('/');
  if (rest.length > 0) return { kind: 'other' };
  if (second === '' && first !== '') {
    if (folder === 'agents') return { kind: 'agent', memberId: first };
    if (folder === 'resume' && isIndex(first)) return { kind: 'resume-token', index: Number(first) };
    if (folder === 'requests') return { kind: 'request', id: first };
    if (folder === 'reports') return { kind: 'report', operationId: first };
    if (folder === 'history' && isRevision(first)) return { kind: 'history', revision: BigInt(first) };
  }
  if (folder === 'spare' && isRevision(first) && third !== '') {
    if (second === 'epoch') return { kind: 'spare-epoch', epoch: BigInt(first), memberId: third };
    if (second === 'step' && isIndex(third)) return { kind: 'spare-step', epoch: BigInt(first), index: Number(third) };
  }
  return { kind: 'other' };
}

function isIndex(text: string): boolean {
  return /^\d{3}$/.test(text);
}

function isRevision(text: string): boolean {
  return /^\d{19}$/.test(text);
}
