import { seeded } from '../../backup/restore/random-life.ts';
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

/** Drawn apart from what happens in the run, so that either can change without the other. */
export function settingOf(seed: number): Setting {
  const random = seeded(seed + 0x5e77);
  const coin = (): boolean => random(2) === 1;
  const kinds: readonly StoreKind[] = ['folder', 'bucket', 'both'];
  return {
    seed,
    version: coin() ? '3.5' : '3.4',
    stores: kinds[random(kinds.length)] ?? 'folder',
    encrypted: coin(),
    identity: coin(),
    auth: coin(),
    spool: coin(),
    compactions: coin(),
    slowFulls: random(3) === 0,
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
