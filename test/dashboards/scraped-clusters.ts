import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { TendedCluster } from '../healing/tended-cluster.ts';
import { TOKEN } from '../healing/tended-member.ts';
import { type Certificates, createCertificates } from '../real/certificates.ts';
import { rulesFile } from './known-metrics.ts';
import { Prometheus } from './prometheus.ts';

const rulesOf = z.object({ groups: z.array(z.looseObject({ name: z.string() })) });

/** The clusters by the label that Prometheus gives them. */
export const CLUSTERS = ['of three', 'of one'] as const;

/** Two real clusters and a real Prometheus that scrapes their agents and members every other second; whoever starts it closes it. */
export class ScrapedClusters implements AsyncDisposable {
  readonly prometheus: Prometheus;
  readonly #stack: AsyncDisposableStack;

  private constructor(prometheus: Prometheus, stack: AsyncDisposableStack) {
    this.prometheus = prometheus;
    this.#stack = stack;
  }

  /** Three members of etcd 3.5 with TLS, and one of 3.4 without: what a panel shows must not hang on either. */
  static async start(): Promise<ScrapedClusters> {
    await using stack = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-dashboards-'));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const certs = await createCertificates(folder);
    const three = stack.use(await TendedCluster.start({ certs }));
    const one = stack.use(await TendedCluster.start({ members: 1, version: '3.4' }));
    const prometheus = stack.use(
      await Prometheus.start(
        {
          global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' },
          scrape_configs: [...jobs(CLUSTERS[0], three, certs), ...jobs(CLUSTERS[1], one)],
        },
        await readRules(),
      ),
    );
    await prometheus.untilReady();
    await Promise.all([three.untilWell(), one.untilWell()]);
    for (const cluster of [three, one]) {
      stack.use(writeLoad(cluster));
      stack.use(compareAgain(cluster));
    }
    return new ScrapedClusters(prometheus, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Asks for a comparison of the members again and again, until it is disposed of: on a busy machine one of them may be put off. */
function compareAgain({ members: [first] }: TendedCluster): AsyncDisposable {
  const socket = join(first?.folder ?? '', 'agent.sock');
  return again(3000, () => ask('hash-check', socket));
}

/** Over the agent's socket, which asks for no certificate. */
async function ask(operation: string, socketPath: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(5000);
  const asked = request({ socketPath, path: '/api/v1/operations', method: 'POST', headers, signal }, (reply) => {
    reply.resume();
    resolve();
  });
  asked.on('error', reject);
  asked.end(JSON.stringify({ operation, by: 'a test' }));
  await promise;
}

/** The rules of the alerts, where they are there, each evaluated every other second. */
async function readRules(): Promise<object> {
  if (!existsSync(rulesFile)) return { groups: [] };
  const { groups } = rulesOf.parse(parse(await readFile(rulesFile, 'utf8')));
  return { groups: groups.map((group) => ({ ...group, interval: '2s' })) };
}

/** Some writes each second, until it is disposed of: without any there is no fsync to measure. */
function writeLoad(cluster: TendedCluster): AsyncDisposable {
  const client = cluster.client();
  let count = 0;
  const writing = again(50, async () => {
    count += 1;
    await client.put(Buffer.from(`/load/${count % 100}`), Buffer.alloc(200));
  });
  return {
    [Symbol.asyncDispose]: async () => {
      await writing[Symbol.asyncDispose]();
      client.close();
    },
  };
}

/** Does something with pauses until it is disposed of, whether it succeeds or not. */
function again(pauseMs: number, act: () => Promise<void>): AsyncDisposable {
  const end = new AbortController();
  const acting = (async () => {
    while (!end.signal.aborted) {
      await act().catch(() => undefined);
      await sleep(pauseMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await acting;
    },
  };
}

/** How agents and members are scraped: the label `cluster` on both is all that the dashboards ask for. */
function jobs(cluster: string, { members }: TendedCluster, certs?: Certificates): readonly object[] {
  const tls =
    certs === undefined
      ? {}
      : { scheme: 'https', tls_config: { ca_file: certs.ca, cert_file: certs.cert, key_file: certs.key } };
  const targets = (urls: readonly string[]) => [{ targets: urls.map((url) => new URL(url).host), labels: { cluster } }];
  return [
    { job_name: `etcd ${cluster}`, ...tls, static_configs: targets(members.map(({ endpoint }) => endpoint)) },
    {
      job_name: `etcd-caretaker ${cluster}`,
      ...tls,
      authorization: { credentials: TOKEN },
      static_configs: targets(members.map(({ agentUrl }) => agentUrl)),
    },
  ];
}
