import type { EtcdLine } from '../../real/binaries.ts';

/** Where backups of a run go. */
export type StoreKind = 'folder' | 'bucket' | 'both';

/** What a run is made of besides chance; all of it comes from the seed, so that it can be run again. */
export interface Setting {
  readonly seed: number;
  readonly version: EtcdLine;
  readonly stores: StoreKind;
  readonly encrypted: boolean;
  /** The agents can decrypt too: then they merge what is encrypted. */
  readonly identity: boolean;
  readonly auth: boolean;
  /** Whether changes on their way to the store survive the death of the agent. */
  readonly spool: boolean;
  /** Etcd is compacted behind the backs of the agents. */
  readonly compactions: boolean;
  /** Full snapshots take seconds, so that some of them are cut short. */
  readonly slowFulls: boolean;
}

/** Neighbouring seeds differ in much: each of these is turned over at a pace of its own. */
export function settingOf(seed: number): Setting {
  const bit = (place: number): boolean => ((seed >> place) & 1) === 1;
  const kinds: readonly StoreKind[] = ['folder', 'bucket', 'both'];
  return {
    seed,
    version: bit(0) ? '3.5' : '3.4',
    stores: kinds[seed % 3] ?? 'folder',
    encrypted: bit(1),
    identity: bit(2),
    auth: ((seed * 7) >> 2) % 2 === 1,
    spool: ((seed * 5) >> 1) % 2 === 1,
    compactions: ((seed * 11) >> 3) % 2 === 0,
    slowFulls: seed % 5 < 2,
  };
}

/** In a few words, for the line of a run. */
export function settingText(setting: Setting): string {
  const { version, stores, encrypted, identity, auth, spool, compactions, slowFulls } = setting;
  const words = [
    `etcd ${version}`,
    stores,
    encrypted ? `age${identity ? '+identity' : ''}` : 'plain',
    ...(auth ? ['auth'] : []),
    spool ? 'spool' : 'memory',
    ...(compactions ? ['compactions'] : []),
    ...(slowFulls ? ['slow fulls'] : []),
  ];
  return words.join(', ');
}
