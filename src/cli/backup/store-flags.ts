import type { Command } from 'commander';
import type { Decryption } from '../../backup/restore/decrypting.ts';
import type { S3Options } from '../../backup/store/s3/options.ts';
import type { Store } from '../../backup/store/store.ts';
import { AgentError } from '../../cluster/agent-error.ts';

/** Where backups are read from. */
export interface StoreFlags {
  readonly store?: string;
  readonly cluster?: string;
  readonly timeline?: string;
  readonly identityFile: readonly string[];
  readonly s3Endpoint?: string;
  readonly s3Region?: string;
  readonly s3PathStyle?: boolean;
  readonly s3Ca?: string;
  readonly s3Proxy?: string;
}

/** The flags of every command that reads backups without a configuration. */
export function storeFlags(command: Command): Command {
  return command
    .option('--store <url>', 'where the backups are: file:///folder or s3://bucket/prefix (or ETCD_CARETAKER_STORE)')
    .option('--cluster <name>', 'of this cluster (default: the only one)')
    .option('--timeline <id>', 'of this timeline (default: the one that was written to last)')
    .option('--identity-file <file>', 'age identities for what is encrypted; repeatable', collect, [])
    .option('--s3-endpoint <url>', "the bucket's server (default: Amazon's)")
    .option('--s3-region <region>', "the bucket's region")
    .option('--s3-path-style', 'https://endpoint/bucket/key, as most servers but Amazon want it')
    .option('--s3-ca <file>', 'trust these CAs for it')
    .option('--s3-proxy <url>', 'reach it through this proxy');
}

/** A timeline that was opened; its owner disposes of it. */
export interface OpenedPlace extends AsyncDisposable {
  /** Its place is that of the timeline. */
  readonly store: Store;
  readonly cluster: string;
  readonly timeline: string;
  readonly decryption?: Decryption;
}

/** Opens the timeline that the flags name. Throws `USAGE`, `STORE_URL_INVALID`, `PLACE_UNKNOWN`, `PLACE_AMBIGUOUS`, `IDENTITY_UNREADABLE`. */
export async function openPlace(flags: StoreFlags, signal: AbortSignal): Promise<OpenedPlace> {
  const url = flags.store ?? process.env['ETCD_CARETAKER_STORE'];
  if (url === undefined || url === '') {
    throw new AgentError('USAGE', 'It is not said where the backups are.', { remedy: 'Add --store URL.' });
  }
  const { openStore } = await import('../../backup/store/open-store.ts');
  const { storeAt } = await import('../../backup/store/place.ts');
  const { choosePlace, findPlaces } = await import('../../backup/places.ts');
  const decryption = await decryptionOf(flags);
  const s3 = s3Options(flags);
  const whole = openStore(url, { s3 });
  try {
    const { cluster, timeline } = choosePlace(await findPlaces(whole, signal), flags, whole.url);
    return {
      store: storeAt(whole, `${cluster}/${timeline}`),
      cluster,
      timeline,
      ...(decryption === undefined ? {} : { decryption }),
      [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
    };
  } catch (error) {
    await whole[Symbol.asyncDispose]();
    throw error;
  }
}

async function decryptionOf({ identityFile }: StoreFlags): Promise<Decryption | undefined> {
  if (identityFile.length === 0) return undefined;
  const { decryptionFromFiles } = await import('../../backup/key-files.ts');
  return await decryptionFromFiles(identityFile);
}

function s3Options({ s3Endpoint, s3Region, s3PathStyle, s3Ca, s3Proxy }: StoreFlags): S3Options {
  return {
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    ...(s3Region === undefined ? {} : { region: s3Region }),
    ...(s3PathStyle === undefined ? {} : { pathStyle: s3PathStyle }),
    ...(s3Ca === undefined ? {} : { caFile: s3Ca }),
    ...(s3Proxy === undefined ? {} : { proxy: s3Proxy }),
    // A person waits for it.
    patience: { forMs: 60_000 },
  };
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
