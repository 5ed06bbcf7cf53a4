import { keyText } from '../../cluster/key-text.ts';
import { kubernetesPlace, prefixEnds } from '../../cluster/prefix.ts';
import { OTHER, prefixLabel } from '../../cluster/prefix-label.ts';
import type { ChangeKind, KeyChange } from './key-change.ts';

/** Keys by what became of them, and what they take: keys and values, of those keys only. */
export interface ChangeCounts {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly rewritten: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface PrefixChanges extends ChangeCounts {
  readonly prefix: string;
}

export interface ResourceChanges extends ChangeCounts {
  /** `pods`, `batch.example.io/jobs` */
  readonly resource: string;
  /** Absent where the resource has none. */
  readonly namespace?: string;
}

/** Rows kept apart at most; what goes beyond is counted as one. Some 10 MB. */
const MOST_GROUPS = 20_000;

type Counts = { -readonly [name in keyof ChangeCounts]: number };

/** Adds changes up: all of them, by prefix, and by resource and namespace of Kubernetes. */
export class ChangeTotals {
  readonly total = noChanges();
  readonly #depth: number;
  readonly #prefixes = new Map<string, Counts>();
  readonly #resources = new Map<string, { readonly place: Place; readonly counts: Counts }>();

  /** @param depth path elements of a prefix */
  constructor(depth: number) {
    this.#depth = depth;
  }

  add(change: KeyChange): void {
    const { key } = change;
    count(this.total, change);
    const end = prefixEnds(key, { kubernetes: 'auto', maxDepth: this.#depth }).at(-1) ?? 0;
    count(this.#prefix(key.toString('latin1', 0, end)), change);
    const place = kubernetesPlace(key);
    if (place !== undefined) count(this.#resource(place), change);
  }

  /** The prefixes with the most changes first. */
  prefixes(): readonly PrefixChanges[] {
    const rows = [...this.#prefixes].map(([prefix, counts]) => ({
      prefix: prefix === OTHER ? OTHER : prefixLabel(Buffer.from(prefix, 'latin1')),
      ...counts,
    }));
    return rows.toSorted((a, b) => most(a, b) || byText(a.prefix, b.prefix));
  }

  /** Those with the most changes first; empty where no key is one of Kubernetes. */
  resources(): readonly ResourceChanges[] {
    const rows = [...this.#resources.values()].map(({ place, counts }) => ({ ...place, ...counts }));
    return rows.toSorted(
      (a, b) => most(a, b) || byText(a.resource, b.resource) || byText(a.namespace ?? '', b.namespace ?? ''),
    );
  }

  #prefix(prefix: string): Counts {
    // No prefix is `other`: each ends with a slash.
    const name = this.#prefixes.has(prefix) || this.#prefixes.size < MOST_GROUPS ? prefix : OTHER;
    const counts = this.#prefixes.get(name) ?? noChanges();
    this.#prefixes.set(name, counts);
    return counts;
  }

  #resource({ resource, namespace }: { readonly resource: Buffer; readonly namespace?: Buffer }): Counts {
    const name = `${resource.toString('latin1')}\0${namespace?.toString('latin1') ?? ''}`;
    const isRoom = this.#resources.has(name) || this.#resources.size < MOST_GROUPS;
    const known = this.#resources.get(isRoom ? name : OTHER);
    if (known !== undefined) return known.counts;
    const place: Place = {
      resource: isRoom ? keyText(resource) : OTHER,
      ...(isRoom && namespace !== undefined ? { namespace: keyText(namespace) } : {}),
    };
    const counts = noChanges();
    this.#resources.set(isRoom ? name : OTHER, { place, counts });
    return counts;
  }
}

type Place = Pick<ResourceChanges, 'resource' | 'namespace'>;

function noChanges(): Counts {
  return { added: 0, removed: 0, changed: 0, rewritten: 0, bytesBefore: 0, bytesAfter: 0 };
}

function count(counts: Counts, { kind, key, before, after }: KeyChange): void {
  counts[kind satisfies ChangeKind] += 1;
  if (before !== undefined) counts.bytesBefore += key.length + before.valueBytes;
  if (after !== undefined) counts.bytesAfter += key.length + after.valueBytes;
}

function most(a: ChangeCounts, b: ChangeCounts): number {
  return keysIn(b) - keysIn(a) || grown(b) - grown(a);
}

function keysIn({ added, removed, changed, rewritten }: ChangeCounts): number {
  return added + removed + changed + rewritten;
}

function grown({ bytesBefore, bytesAfter }: ChangeCounts): number {
  return Math.abs(bytesAfter - bytesBefore);
}

function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
