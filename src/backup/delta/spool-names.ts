import { randomBytes } from 'node:crypto';
import { type DeltaName, deltaKey } from '../names.ts';

/** The file of a piece in the spool: as the segment would be called in a store. */
export function pieceFile(name: Omit<DeltaName, 'kind'>): string {
  return deltaKey({ kind: 'delta', ...name }, false).slice('delta/'.length);
}

/** What keeps names of equal ranges apart: eight characters that names allow. */
export function randomId(): string {
  return randomBytes(5).readUIntBE(0, 5).toString(36).padStart(8, '0');
}
