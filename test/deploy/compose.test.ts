import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fileProblems } from '../../src/cli/config-files.ts';
import type { LoadedConfig } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';

const run = promisify(execFile);

const repository = join(import.meta.dirname, '..', '..');
const folder = join(repository, 'deploy', 'compose');

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly restart?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const text = readFileSync(join(folder, 'compose.yaml'), 'utf8');
const compose: Compose = parse(text, { merge: true });
const services = Object.entries(compose.services);
const members = ['m1', 'm2', 'm3'];

const serviceOf = (name: string): Service => {
  const service = compose.services[name];
  if (service === undefined) throw new Error(`there is no service ${name}`);
  return service;
};

interface Mount {
  readonly source: string;
  readonly target: string;
  readonly isFile: boolean;
  readonly readOnly: boolean;
}

const mountsOf = ({ volumes = [] }: Service): readonly Mount[] =>
  volumes.map((volume) => {
    const [source = '', target = '', mode] = volume.split(':');
    return { source, target, isFile: source.startsWith('.'), readOnly: mode === 'ro' };
  });

/** The mount under which a path lies in a container, the innermost. */
const mountOf = (service: Service, path: string): Mount | undefined =>
  mountsOf(service)
    .filter(({ target }) => `${path}/`.startsWith(`${target}/`))
    .toSorted((one, other) => other.target.length - one.target.length)[0];

const loaded = async (name: string): Promise<LoadedConfig> =>
  await loadConfig({ file: join(folder, 'agent.yaml'), env: { ...serviceOf(name).environment } });

/** What `prepare` has made, as its volumes are mounted there. */
let made: string;

/** Where a file in a container lies in what was made. */
const madeAs = (name: string, path: string): string => {
  const mount = mountOf(serviceOf(name), path);
  const there = mountsOf(serviceOf('prepare')).find(({ source }) => source === mount?.source);
  if (mount === undefined || there === undefined) throw new Error(`${path} of ${name} is in no volume of prepare`);
  return join(made, there.target.replace(/^\/out\//, ''), path.slice(mount.target.length));
};

const prepare = async (): Promise<void> => {
  await run('sh', [join(folder, 'prepare.sh'), made]);
};

beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), 'caretaker-compose-'));
  await prepare();
});

afterAll(() => rm(made, { recursive: true, force: true }));

test.each(members)(
  'the agent of %s in compose has a configuration that is taken, with its own names and paths',
  async (name) => {
    const { config } = await loaded(name);
    expect(config.member).toMatchObject({ name, endpoint: `https://${name}:2379`, peerUrl: `https://${name}:2380` });
    expect(config.expose.advertise).toBe(`https://${name}:9379`);
    expect(config.supervise.kind).toBe('child');
    expect(config.cluster.peers.map((peer) => peer.name)).toEqual(members);
    const { environment = {} } = serviceOf(name);
    expect(environment['ETCD_CARETAKER_AGENT']).toBe(`unix:${config.expose.socket}`);
    expect(environment['ETCD_CARETAKER_TOKEN_FILE']).toBe(config.expose.auth.tokenFile);
  },
);

test.each(members)(
  'the agent of %s in compose can write what its configuration has it write, and nothing else',
  async (name) => {
    const service = serviceOf(name);
    const { config } = await loaded(name);
    const { member, backup, supervise, expose, operate } = config;
    const inVolumes = [
      dirname(member.dataDir),
      dirname(supervise.stateDir),
      backup.lastGasp.dir,
      String(backup.spool.dir),
    ];
    for (const path of inVolumes)
      expect(mountOf(service, path), path).toMatchObject({ isFile: false, readOnly: false });
    // What is moved aside stays in its volume, which is no data dir itself.
    expect(mountsOf(service).map(({ target }) => target)).not.toContain(member.dataDir);
    const tmpfs = (service.tmpfs ?? []).map((each) => each.split(':')[0]);
    for (const path of [dirname(expose.socket), dirname(operate.pauseFile), '/run/s6', '/tmp']) {
      expect(tmpfs, path).toContain(path);
    }
    // Docker forbids to run anything on a tmpfs unless that is asked for, and s6 runs its services there.
    expect(service.tmpfs?.find((each) => each.startsWith('/run/s6:'))).toContain('exec');
    expect(service).toMatchObject({ read_only: true, entrypoint: ['etcd-caretaker-supervised'] });
  },
);

test.each(members)(
  'the files that the agent of %s and its etcd read are made before it starts, and fit together',
  async (name) => {
    const { config, origins } = await loaded(name);
    const inMade = JSON.parse(
      JSON.stringify(config, (_, value: unknown) =>
        typeof value === 'string' && value.startsWith('/etc/etcd-caretaker/pki/') ? madeAs(name, value) : value,
      ),
    ) as LoadedConfig['config'];
    expect(await fileProblems({ config: inMade, origins } as LoadedConfig)).toEqual([]);
    const ofEtcd = config.supervise.child.args.flatMap((arg) => /=(\/.*)$/.exec(arg)?.[1] ?? []);
    expect(ofEtcd).toHaveLength(6);
    for (const path of ofEtcd) expect(existsSync(madeAs(name, path)), path).toBe(true);
    for (const [file, ca] of [
      ['server', 'ca'],
      ['peer', 'peer-ca'],
      ['agent', 'agent-ca'],
    ]) {
      const [leaf, issuer] = [file, ca].map(
        (each) => new X509Certificate(readFileSync(madeAs(name, `/etc/etcd-caretaker/pki/${each}.crt`))),
      );
      expect(leaf?.checkHost(name, { subject: 'never' }), file).toBe(name);
      expect(issuer !== undefined && leaf?.verify(issuer.publicKey), file).toBe(true);
    }
    expect((await stat(madeAs(name, '/etc/etcd-caretaker/pki/agent.key'))).mode & 0o077).toBe(0);
  },
);

test('what was prepared once stays as it is when compose is started again', async () => {
  const files = ['m1/server.crt', 'm2/agent.key', 'm3/token', 'minio/s3-key', 'grafana/password'];
  const read = async (): Promise<readonly string[]> =>
    await Promise.all(files.map(async (file) => await readFile(join(made, file), 'utf8')));
  const before = await read();
  await prepare();
  expect(await read()).toEqual(before);
});

test('every file of the repository that compose mounts or builds from exists', () => {
  const files = services.flatMap(([, service]) => mountsOf(service).filter(({ isFile }) => isFile));
  expect(files.length).toBeGreaterThan(0);
  for (const { source, readOnly } of files) {
    expect(existsSync(join(folder, source)), source).toBe(true);
    expect(readOnly, source).toBe(true);
  }
  for (const [name, { build }] of services) {
    if (build === undefined) continue;
    expect(normalize(join(folder, build.context)), name).toBe(repository);
    expect(existsSync(join(repository, build.dockerfile)), name).toBe(true);
  }
});

test('compose names its volumes, starts services after others that there are, and uses each of them', () => {
  const named = services.flatMap(([, service]) => mountsOf(service).filter(({ isFile }) => !isFile));
  expect(new Set(named.map(({ source }) => source))).toEqual(new Set(Object.keys(compose.volumes)));
  for (const [name, { depends_on = [] }] of services) {
    const others = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    for (const other of others) expect(Object.keys(compose.services), name).toContain(other);
    if (Array.isArray(depends_on)) continue;
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const ends = ['no', 'on-failure'].includes(serviceOf(other).restart ?? 'no');
      expect(condition, `${name} after ${other}`).toBe(ends ? 'service_completed_successfully' : 'service_started');
    }
  }
});

test('compose publishes each port once, and on loopback only', () => {
  const published = services.flatMap(([, { ports = [] }]) => ports);
  const hostPorts = published.map((port) => /^127\.0\.0\.1:(\d+):\d+$/.exec(port)?.[1]);
  expect(hostPorts).not.toContain(undefined);
  expect(new Set(hostPorts).size).toBe(hostPorts.length);
});

test('compose names no registry, and each image can be another one', () => {
  for (const [name, { image }] of services) {
    expect(image, name).toMatch(/^\$\{[A-Z_]+_IMAGE:-[a-z0-9-]+(\/[a-z0-9-]+)?(:[\w.-]+)(@sha256:[0-9a-f]{64})?\}$/);
    // What is not built here is the same one tomorrow.
    if (!image.includes('etcd-caretaker:')) expect(image, name).toContain('@sha256:');
  }
});

interface Prometheus {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly tls_config?: { readonly ca_file: string };
    readonly authorization?: { readonly credentials_file: string };
    readonly static_configs: readonly { readonly targets: readonly string[]; readonly labels: { cluster: string } }[];
  }[];
}

const prometheus: Prometheus = parse(readFileSync(join(folder, 'prometheus.yaml'), 'utf8'));

test('Prometheus in compose finds every agent and member under the name of their cluster, with what it has to show', async () => {
  const { config } = await loaded('m1');
  const jobs = new Map(prometheus.scrape_configs.map((job) => [job.job_name, job]));
  const metricsPort = /--listen-metrics-urls=http:\/\/0\.0\.0\.0:(\d+)/.exec(
    config.supervise.child.args.join(' '),
  )?.[1];
  for (const [name, port] of [
    ['etcd-caretaker', '9379'],
    ['etcd', String(metricsPort)],
  ] as const) {
    const [{ targets, labels } = { targets: [], labels: undefined }] = jobs.get(name)?.static_configs ?? [];
    expect(targets).toEqual(members.map((member) => `${member}:${port}`));
    expect(labels).toEqual({ cluster: config.cluster.name });
  }
  const { tls_config, authorization } = jobs.get('etcd-caretaker') ?? {};
  const token = readFileSync(madeAs('prometheus', String(authorization?.credentials_file)), 'utf8');
  expect(token).toBe(readFileSync(madeAs('m1', String(config.expose.auth.tokenFile)), 'utf8'));
  const ca = readFileSync(madeAs('prometheus', String(tls_config?.ca_file)), 'utf8');
  expect(ca).toBe(readFileSync(madeAs('m1', String(config.expose.tls.clientCa)), 'utf8'));
  for (const file of prometheus.rule_files) expect(mountOf(serviceOf('prometheus'), file), file).toBeDefined();
});

/** Prometheus' own tool, where the tests' set-up or the machine has it. */
const promtool = [join(repository, '.tools', 'prometheus', 'promtool'), '/usr/bin/promtool'].find(existsSync);
if (promtool === undefined)
  console.warn('SKIPPED: the configuration of Prometheus in compose is not checked: there is no promtool.');

test.skipIf(promtool === undefined)('promtool takes the configuration of Prometheus in compose', async () => {
  const here = JSON.stringify(prometheus, (key, value: unknown) => {
    if (key === 'ca_file' || key === 'credentials_file') return madeAs('prometheus', String(value));
    if (key === 'rule_files') return [join(repository, 'alerts/etcd-caretaker.rules.yaml')];
    return value;
  });
  const file = join(made, 'prometheus-here.yaml');
  await writeFile(file, here);
  const { stdout } = await run(String(promtool), ['check', 'config', file]);
  expect(stdout).toContain('SUCCESS');
});

test('Grafana in compose has every dashboard, its folder and its data source', () => {
  const grafana = serviceOf('grafana');
  const { environment = {} } = grafana;
  const dashboards = mountsOf(grafana).filter(({ source }) => source.endsWith('.json'));
  expect(new Set(dashboards.map(({ target }) => dirname(target)))).toEqual(
    new Set([environment['ETCD_CARETAKER_DASHBOARDS']]),
  );
  expect(dashboards.map(({ source }) => source.replace('../../dashboards/', '')).toSorted()).toEqual(
    ['backups', 'cluster', 'fleet', 'keyspace', 'member'].map((name) => `${name}.json`),
  );
  expect(environment['PROMETHEUS_URL']).toBe('http://prometheus:9090');
  expect(existsSync(madeAs('grafana', String(environment['GF_SECURITY_ADMIN_PASSWORD__FILE'])))).toBe(true);
});

test('the bucket that compose makes is the one that the agents write to, with the same credentials as MinIO', async () => {
  const { config } = await loaded('m1');
  const [store = ''] = config.backup.store;
  const { hostname } = new URL(store);
  expect(serviceOf('bucket').command?.join(' ')).toContain(`store/${hostname}`);
  const { environment = {} } = serviceOf('minio');
  for (const [variable, path] of [
    ['MINIO_ROOT_USER_FILE', config.backup.s3.accessKeyIdFile],
    ['MINIO_ROOT_PASSWORD_FILE', config.backup.s3.secretAccessKeyFile],
  ] as const) {
    const ofServer = readFileSync(madeAs('minio', String(environment[variable])), 'utf8');
    expect(ofServer).toBe(readFileSync(madeAs('m1', String(path)), 'utf8'));
  }
});
