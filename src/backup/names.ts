/**
 * Names of objects in a store, below `<prefix>/<cluster.name>/<timeline>/`. They sort by revision, and tell what is needed to
 * choose objects without opening them.
 */

const DIGITS = 19;

/** How the name of an encrypted object ends. */
export const ENCRYPTED_ENDING = '.age';

/** A full snapshot, which is there once its manifest is. */
export interface FullName {
  readonly kind: 'full';
  /** Of the snapshot's content. */
  readonly revision: bigint;
  /** `20260101T120000Z` */
  readonly time: string;
  readonly id: string;
}

/** A delta segment: all changes of these revisions, both inclusive. */
export interface DeltaName {
  readonly kind: 'delta';
  readonly from: bigint;
  readonly to: bigint;
  readonly epoch: bigint;
  readonly id: string;
}

/** `full/<time>-<id>.snap.zst`, or `.snap.zst.age` where it is encrypted: the revision is not known when it is begun. */
export function snapshotKey({ time, id }: Pick<FullName, 'time' | 'id'>, encrypted: boolean): string {
  return `full/${time}-${id}.snap.zst${encrypted ? ENCRYPTED_ENDING : ''}`;
}

/** `full/<revision>-<time>-<id>.json`: written last. */
export function manifestKey({ revision, time, id }: FullName): string {
  return `full/${digits(revision)}-${time}-${id}.json`;
}

/** `delta/<from>-<to>-<epoch>-<id>.delta.zst`; with `.age` behind it where it is encrypted. */
export function deltaKey({ from, to, epoch, id }: DeltaName, encrypted: boolean): string {
  return `delta/${digits(from)}-${digits(to)}-${epoch}-${id}.delta.zst${encrypted ? ENCRYPTED_ENDING : ''}`;
}

/** What a manifest's or a segment's key says; undefined for any other object. */
export function parseName(key: string): FullName | DeltaName | undefined {
  const full = /^full\/(\d{19})-(\d{8}T\d{6}Z)-([0-9a-z]+)\.json$/.exec(key);
  if (full !== null) {
    const [, revision = '', time = '', id = ''] = full;
    return { kind: 'full', revision: BigInt(revision), time, id };
  }
  const delta = /^delta\/(\d{19})-(\d{19})-(\d+)-([0-9a-z]+)\.delta\.zst(?:\.age)?$/.exec(key);
  if (delta === null) return undefined;
  const [, from = '', to = '', epoch = '', id = ''] = delta;
  return { kind: 'delta', from: BigInt(from), to: BigInt(to), epoch: BigInt(epoch), id };
}

/** A time as it stands in names, in UTC to the second. */
export function timeName(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Such a time in ms since 1970. */
export function timeOfName(name: string): number {
  return Date.parse(name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function digits(revision: bigint): string {
  return String(revision).padStart(DIGITS, '0');
}
