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

/** Two real clusters and a real Prometheus that scrapes their agents and members each second; whoever starts it closes it. */
export class ScrapedClusters implements AsyncDisposable {
  readonly prometheus: Prometheus;
  readonly three: TendedCluster;
  readonly one: TendedCluster;
  readonly #stack: AsyncDisposableStack;

  private constructor(prometheus: Prometheus, three: TendedCluster, one: TendedCluster, stack: AsyncDisposableStack) {
    this.prometheus = prometheus;
    this.three = three;
    this.one = one;
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
          global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
          scrape_configs: [...jobs(CLUSTERS[0], three, certs), ...jobs(CLUSTERS[1], one)],
        },
        await readRules(),
      ),
    );
    await prometheus.untilReady();
    await Promise.all([three.untilWell(), one.untilWell()]);
    for (const cluster of [three, one]) stack.use(writeLoad(cluster));
    return new ScrapedClusters(prometheus, three, one, stack.move());
  }

  /** Asks both clusters for an operation, as a person does. */
  async request(operation: string): Promise<void> {
    const agents = [this.three, this.one].map(({ members: [first] }) => join(first?.folder ?? '', 'agent.sock'));
    await Promise.all(agents.map((socketPath) => askFor(operation, socketPath)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Waits until the agent takes it, which it does once it has seen who leads. */
async function askFor(operation: string, socketPath: string): Promise<void> {
  const untilMs = performance.now() + 30_000;
  for (;;) {
    const status = await post(operation, socketPath);
    if (status === 202) return;
    if (performance.now() > untilMs) throw new Error(`${operation} was not taken by ${socketPath}: HTTP ${status}`);
    await sleep(200);
  }
}

/** Over the agent's socket, which asks for no certificate. */
async function post(operation: string, socketPath: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const asked = request({ socketPath, path: '/api/v1/operations', method: 'POST', headers }, (reply) => {
    reply.resume();
    resolve(reply.statusCode);
  });
  asked.on('error', reject);
  asked.end(JSON.stringify({ operation, by: 'a test' }));
  return await promise;
}

/** The rules of the alerts, where they are there, each evaluated every second. */
async function readRules(): Promise<object> {
  if (!existsSync(rulesFile)) return { groups: [] };
  const { groups } = rulesOf.parse(parse(await readFile(rulesFile, 'utf8')));
  return { groups: groups.map((group) => ({ ...group, interval: '1s' })) };
}

/** Some writes each second, until it is disposed of: without any there is no fsync to measure. */
function writeLoad(cluster: TendedCluster): AsyncDisposable {
  const client = cluster.client();
  const end = new AbortController();
  const writing = (async () => {
    for (let count = 0; !end.signal.aborted; count += 1) {
      await client.put(Buffer.from(`/load/${count % 100}`), Buffer.alloc(200)).catch(() => undefined);
      await sleep(50);
    }
  })();
  return {
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await writing;
      client.close();
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
