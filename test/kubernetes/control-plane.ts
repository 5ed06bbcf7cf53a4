import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { findBinaries } from '../real/binaries.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../real/certificates.ts';
import { freePort } from '../real/ports.ts';

/** Where the set-up keeps what it has built: outside of the checkout, since that takes minutes. */
const built = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'etcd-caretaker', 'kubernetes');
const startMs = 90_000;

/** What the controllers of Kubernetes do here; the rest of them have nothing to do with a StatefulSet. */
const controllers = [
  ...[
    'statefulset-controller',
    'disruption-controller',
    'pod-garbage-collector-controller',
    'garbage-collector-controller',
  ],
  ...['persistentvolume-binder-controller', 'persistentvolumeclaim-protection-controller', 'serviceaccount-controller'],
];

/** An answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, of which each test looks at what it knows to be there.
  readonly body: any;
}

/** A real kube-apiserver on an etcd of its own, and a real kube-controller-manager. Whoever starts it disposes of it. */
export class ControlPlane implements AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly #ca: string;
  readonly #tls: KeyPair;
  readonly #ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
  readonly #running = new Map<string, ChildProcess>();

  private constructor(folder: string, ca: string, tls: KeyPair, ports: ControlPlane['ports']) {
    this.folder = folder;
    this.#ca = ca;
    this.#tls = tls;
    this.#ports = ports;
    this.url = `https://127.0.0.1:${ports.api}`;
  }

  get ports(): { readonly api: number; readonly etcd: number; readonly etcdPeer: number } {
    return this.#ports;
  }

  static async start(): Promise<ControlPlane> {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-kube-'));
    const authority = await createAuthority(folder);
    const tls = await issueCertificate(folder, authority, 'api');
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await writeFile(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    await writeFile(join(folder, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(join(folder, 'tokens.csv'), 'only-for-tests,admin,admin,system:masters\n', { mode: 0o600 });
    const ports = { api: await freePort(), etcd: await freePort(), etcdPeer: await freePort() };
    const plane = new ControlPlane(folder, await readFile(authority.cert, 'utf8'), tls, ports);
    try {
      plane.#start('etcd', findBinaries('3.5').etcd, [
        ...[`--data-dir=${join(folder, 'etcd')}`, '--unsafe-no-fsync'],
        ...[
          `--listen-client-urls=http://127.0.0.1:${ports.etcd}`,
          `--advertise-client-urls=http://127.0.0.1:${ports.etcd}`,
        ],
        `--listen-peer-urls=http://127.0.0.1:${ports.etcdPeer}`,
      ]);
      await plane.startApi();
      const kubeconfig = await plane.kubeconfigOf('admin', 'only-for-tests');
      plane.#start('kube-controller-manager', join(built, 'kube-controller-manager'), [
        ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
        `--controllers=${controllers.join(',')}`,
        // What else it would wait for, so that a test need not.
        ...['--pvclaimbinder-sync-period=2s', '--concurrent-statefulset-syncs=2'],
      ]);
      return plane;
    } catch (error) {
      await plane[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Also after it was stopped. */
  async startApi(): Promise<void> {
    const { api, etcd } = this.#ports;
    const at = (name: string): string => join(this.folder, name);
    this.#start('kube-apiserver', join(built, 'kube-apiserver'), [
      ...[
        `--etcd-servers=http://127.0.0.1:${etcd}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${api}`,
      ],
      ...[`--tls-cert-file=${this.#tls.cert}`, `--tls-private-key-file=${this.#tls.key}`],
      ...['--service-cluster-ip-range=10.96.0.0/24', '--endpoint-reconciler-type=none', '--authorization-mode=RBAC'],
      ...['--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${at('sa.pub')}`],
      ...[`--service-account-signing-key-file=${at('sa.key')}`, `--token-auth-file=${at('tokens.csv')}`],
      // Nobody here would take the taint away that it gives new nodes.
      '--disable-admission-plugins=TaintNodesByCondition',
    ]);
    const untilMs = performance.now() + startMs;
    for (;;) {
      const answer = await this.call('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
      if (performance.now() > untilMs)
        throw new Error(`the API server did not get ready:\n${await this.log('kube-apiserver')}`);
      await sleep(200);
    }
  }

  async stopApi(): Promise<void> {
    await this.#stop('kube-apiserver');
  }

  /** One call as the administrator. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
  ): Promise<ApiAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
    const sent = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      ...{ authorization: 'Bearer only-for-tests', 'content-type': type, accept: 'application/json' },
      // Node sends the body of a DELETE without saying that there is one, unless it has its length.
      'content-length': Buffer.byteLength(sent),
    };
    const asked = request(
      `${this.url}${path}`,
      { method, headers, ca: this.#ca, agent: false, signal: AbortSignal.timeout(10_000) },
      (reply) => {
        text(reply).then((said) => {
          const isJson = reply.headers['content-type']?.includes('json') === true;
          resolve({ status: reply.statusCode ?? 0, body: isJson ? JSON.parse(said) : said });
        }, reject);
      },
    );
    asked.once('error', reject);
    asked.end(sent);
    return await promise;
  }

  /** As `call`, and it has to succeed. */
  async done(method: string, path: string, body?: unknown, type?: string): Promise<ApiAnswer['body']> {
    const answer = await this.call(method, path, body, type);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Writes a kubeconfig for the holder of a token; gives its path. */
  async kubeconfigOf(name: string, token: string): Promise<string> {
    const file = join(this.folder, `${name}.kubeconfig`);
    const cluster = { server: this.url, 'certificate-authority-data': Buffer.from(this.#ca).toString('base64') };
    await writeFile(
      file,
      stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
        clusters: [{ name: 'k', cluster }],
        users: [{ name: 'u', user: { token } }],
        contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      }),
      { mode: 0o600 },
    );
    return file;
  }

  /** kubectl as the administrator, or with another kubeconfig; gives what it prints. */
  async kubectl(
    args: readonly string[],
    options: { readonly input?: string; readonly kubeconfig?: string } = {},
  ): Promise<string> {
    const kubeconfig = options.kubeconfig ?? join(this.folder, 'admin.kubeconfig');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const child = execFile('kubectl', ['--kubeconfig', kubeconfig, ...args], (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`));
    });
    child.stdin?.end(options.input ?? '');
    return await promise;
  }

  async log(name: string): Promise<string> {
    return (await readFile(join(this.folder, `${name}.log`), 'utf8').catch(() => '')).slice(-4000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of ['kube-controller-manager', 'kube-apiserver', 'etcd']) await this.#stop(name);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #start(name: string, program: string, args: readonly string[]): void {
    if (!existsSync(program)) throw new Error(`there is no ${program}: run "node scripts/setup.mjs --for kubernetes"`);
    const log = openSync(join(this.folder, `${name}.log`), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#running.set(name, child);
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
  }

  async #stop(name: string): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
    await promise;
  }
}
