import { type Command, Option } from 'commander';
import type { OwnedPlace, PlaceWish } from '../../backup/places.ts';
import type { Decryption } from '../../backup/restore/decrypting.ts';
import type { S3Options } from '../../backup/store/s3/options.ts';
import type { Store } from '../../backup/store/store.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Config } from '../../config/config.ts';
import { type ConfiguredStore, configuredStore } from './configured-store.ts';

/** Where backups are read from. */
export interface StoreFlags {
  readonly config?: string;
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

/**
 * The flags of every command that works on a store: the agent's own configuration, or what stands in its place.
 * @param cluster in place of `--cluster <name>`
 */
export function storeFlags(
  command: Command,
  cluster = new Option('--cluster <name>', 'of this cluster (default: the only one)'),
): Command {
  return command
    .option(
      '-c, --config <file>',
      "the agent's configuration: stores, buckets, cluster and identity are as there; flags win",
    )
    .option('--store <url>', 'where the backups are: file:///folder or s3://bucket/prefix (or ETCD_CARETAKER_STORE)')
    .addOption(cluster)
    .option(
      '--timeline <id>',
      'of this timeline (default: the newest one, where all are of one cluster and those it was restored from)',
    )
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
  readonly place: OwnedPlace;
  /** Timelines of the same name that are not looked at, the newest first; none where `--timeline` says which one. */
  readonly others: readonly OwnedPlace[];
  readonly decryption?: Decryption;
  /** That of `--config`. */
  readonly config?: Config['backup'];
}

/**
 * Which timeline is taken where the flags leave a choice: `newest`, for who only looks; `one-cluster`, for who restores, keeps or
 * takes away: the newest as well, but not where there are timelines of other clusters under the name than those it was restored from.
 * Both say which others there are.
 */
export type Choice = 'newest' | 'one-cluster';

/** Opens the timeline that the flags name. Throws `USAGE`, `CONFIG_INVALID`, `STORE_URL_INVALID`, `PLACE_UNKNOWN`, `PLACE_AMBIGUOUS`, `IDENTITY_UNREADABLE`. */
export async function openPlace(flags: StoreFlags, choice: Choice, signal: AbortSignal): Promise<OpenedPlace> {
  const configured = await configuredStore(flags);
  const url = configured?.url ?? flags.store ?? process.env['ETCD_CARETAKER_STORE'];
  if (url === undefined || url === '') {
    throw new AgentError('USAGE', 'It is not said where the backups are.', {
      remedy: 'Add --store URL, or --config FILE with the configuration of an agent.',
    });
  }
  const { openStore } = await import('../../backup/store/open-store.ts');
  const { storeAt } = await import('../../backup/store/place.ts');
  const { chooseOwnedPlace, placeText } = await import('../../backup/places.ts');
  const decryption =
    flags.identityFile.length > 0 ? await decryptionOf(flags.identityFile) : await configuredDecryption(configured);
  // A person waits for it.
  const s3: S3Options = { ...configured?.s3, ...s3Options(flags), patience: { forMs: 60_000 } };
  const whole = openStore(url, { s3 });
  try {
    const wish = { ...(configured === undefined ? {} : { cluster: configured.cluster }), ...named(flags) };
    const { place, others } = await chooseOwnedPlace(whole, wish, { oneCluster: choice === 'one-cluster' }, signal);
    if (others.length > 0) {
      const lines = others.map((other) => `  ${placeText(other)}\n`).join('');
      process.stderr.write(`note: taken is ${placeText(place)}; there are also (--timeline ID):\n${lines}`);
    }
    return {
      store: storeAt(whole, `${place.cluster}/${place.timeline}`),
      ...{ place, others },
      ...(decryption === undefined ? {} : { decryption }),
      ...(configured === undefined ? {} : { config: configured.backup }),
      [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
    };
  } catch (error) {
    await whole[Symbol.asyncDispose]();
    throw error;
  }
}

function named({ cluster, timeline }: StoreFlags): PlaceWish {
  return { ...(cluster === undefined ? {} : { cluster }), ...(timeline === undefined ? {} : { timeline }) };
}

async function decryptionOf(files: readonly string[]): Promise<Decryption> {
  const { decryptionFromFiles } = await import('../../backup/key-files.ts');
  return await decryptionFromFiles(files);
}

/** Whoever may not read the agent's identity can still look at what is there: what needs it says so then. */
async function configuredDecryption(configured: ConfiguredStore | undefined): Promise<Decryption | undefined> {
  if (configured === undefined || configured.identityFiles.length === 0) return undefined;
  try {
    return await decryptionOf(configured.identityFiles);
  } catch (error) {
    process.stderr.write(`note: ${faultOf(error).message}\n`);
    return undefined;
  }
}

function s3Options({ s3Endpoint, s3Region, s3PathStyle, s3Ca, s3Proxy }: StoreFlags): S3Options {
  return {
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    ...(s3Region === undefined ? {} : { region: s3Region }),
    ...(s3PathStyle === undefined ? {} : { pathStyle: s3PathStyle }),
    ...(s3Ca === undefined ? {} : { caFile: s3Ca }),
    ...(s3Proxy === undefined ? {} : { proxy: s3Proxy }),
  };
}

function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
