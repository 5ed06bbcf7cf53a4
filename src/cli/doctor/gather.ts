import { connectTo } from '../../agent/clients.ts';
import type { Config } from '../../config/config.ts';
import { MemberClient } from '../../etcd/member-client.ts';
import { directoryCalls } from '../../observe/linux/directory-calls.ts';
import type { Facts, LoadReading } from './facts.ts';
import { observeOnce } from './observe-once.ts';
import { readAuth } from './readings/auth.ts';
import { readDataDir } from './readings/data-dir.ts';
import { diskPreflight } from './readings/preflight.ts';
import { readSecretFiles } from './readings/secret-files.ts';
import { readUrls } from './readings/urls.ts';
import type { Target } from './target.ts';

/** Above this share of the quota a load could be what fills it. */
const loadUsedRatio = 0.8;

/** The facts, and whether a thread of this process waits for a disk, so that it will not end by itself. */
export interface Gathered {
  readonly facts: Facts;
  readonly diskHangs: boolean;
}

/** Gathers all that the checks judge; what cannot be had is in the facts as a fault. Rejects never. */
export async function gatherFacts(
  target: Target,
  options: { readonly load: boolean; readonly signal: AbortSignal },
): Promise<Gathered> {
  const { loaded, knowsDirectories } = target;
  const { config } = loaded;
  const { signal } = options;
  const client = connectTo(config, config.member.name, config.member.endpoint);
  try {
    const observation = await observeOnce(config, { knowsDirectories, signal });
    const members = observation.sections.cluster?.value?.members ?? [];
    const [urls, auth, secretFiles] = await Promise.all([
      readUrls({
        members,
        endpoints: config.cluster.endpoints,
        connect: (url) => connectTo(config, url, url),
        connectAsNobody: (url) => connectAsNobody(config, url),
        signal,
      }),
      readAuth({ client, ...identityOf(config), signal }),
      readSecretFiles(config),
    ]);
    // After the observation, so that neither disturbs what the other measures.
    const { dataDir, walDir } = config.member;
    const isForeign = observation.sections.process?.fault?.code === 'ETCD_PROCESS_FOREIGN';
    const { preflight, diskHangs } =
      knowsDirectories && !isForeign
        ? await diskPreflight({ dataDir, walDir, signal })
        : { preflight: [], diskHangs: false };
    const facts: Facts = {
      nowMs: Date.now(),
      member: config.member.name,
      endpoint: config.member.endpoint,
      metricsUrl: config.member.metricsUrl,
      ...(knowsDirectories ? { dataDir, dataDirState: await readDataDir(dataDir, directoryCalls(), signal) } : {}),
      observation,
      urls,
      auth,
      preflight,
      config: {
        ...(target.file === undefined ? {} : { file: target.file }),
        keysSet: [...loaded.origins.values()].filter((origin) => origin !== 'default' && !('derivedFrom' in origin))
          .length,
        foundOut: target.foundOut,
        keyPrefix: config.cluster.keyPrefix,
        secretFiles,
      },
    };
    return { facts: options.load ? { ...facts, load: await load(facts, client, signal) } : facts, diskHangs };
  } finally {
    client.close();
  }
}

/** Only on a cluster that can bear it. */
async function load(
  { observation, config }: Facts,
  client: MemberClient,
  signal: AbortSignal,
): Promise<LoadReading | { readonly refused: string }> {
  const { member, cluster, quota } = observation.sections;
  if (member?.value === undefined || cluster?.value === undefined) return { refused: 'the member does not answer' };
  const { state, summary } = member.value;
  if (state !== 'healthy') return { refused: `the member is not healthy (${summary})` };
  if (cluster.value.alarms.length > 0) return { refused: 'an alarm is raised' };
  const { voters, votersReachable } = cluster.value;
  if (votersReachable < voters) return { refused: `only ${votersReachable} of ${voters} voters answer` };
  if ((quota?.value?.usedRatio ?? 0) > loadUsedRatio) return { refused: 'more than 80 % of the quota is used' };
  const { shortLoad } = await import('./readings/load.ts');
  return await shortLoad({ client, keyPrefix: config.keyPrefix, signal });
}

function connectAsNobody({ cluster }: Config, url: string): MemberClient {
  const { ca, serverName } = cluster.tls;
  return new MemberClient({
    member: url,
    endpoint: url,
    ...cluster.client,
    tls: { ...(ca === undefined ? {} : { ca }), ...(serverName === undefined ? {} : { serverName }) },
  });
}

function identityOf({ cluster }: Config): { readonly username?: string; readonly certificateFile?: string } {
  const { username } = cluster.auth;
  const { cert } = cluster.tls;
  return {
    ...(username === undefined ? {} : { username }),
    ...(cert === undefined ? {} : { certificateFile: cert }),
  };
}
