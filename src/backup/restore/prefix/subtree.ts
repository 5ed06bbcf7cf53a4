import { AgentError } from '../../../cluster/agent-error.ts';
import { keyText } from '../../../cluster/key-text.ts';

/** From `key` on, up to `rangeEnd` without it. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** A part of the keyspace that is brought back, and outside of which nothing is touched. */
export interface Subtree {
  /** As a person names it. */
  readonly name: string;
  readonly prefix: Buffer;
  readonly literal: boolean;
  /** In the order of their keys; they do not overlap. */
  readonly ranges: readonly KeyRange[];
}

const SLASH = 0x2f;
/** Behind a key: the next one that there can be. As the end of a range: everything from its key on. */
const ZERO = Buffer.from([0]);

/**
 * What a prefix stands for. One that ends in a slash: all below it. Any other: the key of that name and all below it, but
 * never its siblings, so that `/registry/configmaps/prod` does not reach `/registry/configmaps/production/…`.
 * @param literal every key that begins with these bytes, as etcdctl's `--prefix` has it
 */
export function subtreeOf(prefix: Buffer, { literal }: { readonly literal: boolean }): Subtree {
  const name = keyText(prefix);
  const named = { name, prefix, literal };
  if (literal || prefix.at(-1) === SLASH) return { ...named, ranges: [rangeBelow(prefix)] };
  const below = Buffer.concat([prefix, Buffer.from('/')]);
  return { ...named, ranges: [{ key: prefix, rangeEnd: Buffer.concat([prefix, ZERO]) }, rangeBelow(below)] };
}

/** Throws `USAGE` for what nobody can mean: nothing at all, or a subtree with keys of the agents themselves in it. */
export function refuseDangerous({ name, ranges }: Subtree, ownPrefix: string): void {
  if (name === '') {
    throw new AgentError('USAGE', 'An empty prefix is the whole keyspace, which is not replaced in a live cluster.', {
      remedy: 'Name a subtree such as /registry/configmaps/prod/, or restore all of it into a --data-dir.',
    });
  }
  const own = rangeBelow(Buffer.from(ownPrefix));
  if (!ranges.some((range) => overlap(range, own))) return;
  throw new AgentError(
    'USAGE',
    `Below ${name} are keys of the agents themselves (${ownPrefix}): who leads, what is under way, where backups go.`,
    { remedy: 'Name a subtree without them; an older state of theirs would only mislead them.' },
  );
}

/** Whether a key is in it. */
export function contains({ ranges }: Subtree, key: Buffer): boolean {
  return ranges.some((range) => key.compare(range.key) >= 0 && isBefore(key, range.rangeEnd));
}

function rangeBelow(prefix: Buffer): KeyRange {
  const end = Buffer.from(prefix);
  for (let at = end.length - 1; at >= 0; at -= 1) {
    const byte = end[at] ?? 0xff;
    if (byte === 0xff) continue;
    end[at] = byte + 1;
    return { key: prefix, rangeEnd: end.subarray(0, at + 1) };
  }
  return { key: prefix, rangeEnd: ZERO };
}

function overlap(a: KeyRange, b: KeyRange): boolean {
  return isBefore(a.key, b.rangeEnd) && isBefore(b.key, a.rangeEnd);
}

function isBefore(key: Buffer, end: Buffer): boolean {
  return end.equals(ZERO) || key.compare(end) < 0;
}
