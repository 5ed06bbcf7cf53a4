import { randomBytes } from 'node:crypto';

/**
 * The id in a segment's name: its level, and what keeps names of equal ranges apart. Level 0 is as it was captured; of the
 * levels above each holds many of the one below it, merged.
 */
export function segmentId(level: number): string {
  return `${level}${randomBytes(5).readUIntBE(0, 5).toString(36).padStart(8, '0')}`;
}

/** The level of a segment with this id: of one that somebody else has named it is 0. */
export function levelOf(id: string): number {
  const [first = ''] = id;
  return first >= '0' && first <= '9' ? Number(first) : 0;
}
