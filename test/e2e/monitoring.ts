import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { freePort } from '../real/ports.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { scaledRoute, scaledRules } from './scaled.ts';
import { startTool, type Tool, unpacked } from './tool.ts';

const alertsFolder = join(import.meta.dirname, '..', '..', 'alerts');
/** As most people have it, before it is divided. */
const scrapeEveryMs = 20_000;
const lookBackMs = 5 * 60_000;
const resendMs = 60_000;

/** The distribution's Alertmanager wants its templates under /usr/share. It gets them there, in a view of the file system that is its own. */
const inOwnShare = [
  'mount -t tmpfs tmpfs /usr/share',
  'mkdir -p /usr/share/prometheus/alertmanager',
  'cp "$0"/*.tmpl /usr/share/prometheus/alertmanager/',
  'exec "$@"',
].join(' && ');

/** One thing that Prometheus scrapes. */
export interface Target {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly cluster: string;
}

/** An alert as Prometheus has it, whoever is told of it. */
export interface PrometheusAlert {
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
}

/** A real Prometheus with this project's rules, a real Alertmanager with its routes, and the webhook behind both. */
export interface Monitoring extends AsyncDisposable {
  readonly inbox: Inbox;
  /** By how much every duration of the rules and routes is divided. */
  readonly factor: number;
  /** The values of an instant query, with their labels. */
  query(
    expression: string,
  ): Promise<readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>;
  /** Alerts that are pending or firing. */
  alerts(): Promise<readonly PrometheusAlert[]>;
  /** Alerts of which nobody is told because of others, as Alertmanager has it. */
  inhibited(): Promise<readonly string[]>;
  /** How long each group of rules took to be evaluated last, by Prometheus' own `prometheus_rule_group_last_duration_seconds`. */
  ruleSeconds(): Promise<readonly number[]>;
  /** Prometheus' and Alertmanager's logs, the end of them. */
  logs(): string;
}

interface Result<T> {
  readonly data: T;
}

/** Starts all of it in `folder`. Every receiver of the routes leads to the webhook. */
export async function startMonitoring(
  folder: string,
  targets: Readonly<Record<string, readonly Target[]>>,
  factor: number,
): Promise<Monitoring> {
  await mkdir(folder, { recursive: true });
  const stack = new AsyncDisposableStack();
  try {
    const inbox = stack.use(await openInbox());
    const alertmanager = stack.use(await startAlertmanager(folder, inbox.url, factor));
    const prometheus = stack.use(await startPrometheus(folder, targets, alertmanager.address, factor));
    const get = async <T>(path: string): Promise<T> => {
      const answer = await fetch(`http://${prometheus.address}/api/v1/${path}`);
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
      return ((await answer.json()) as Result<T>).data;
    };
    const owned = stack.move();
    return {
      inbox,
      factor,
      query: async (expression) => {
        type Series = { readonly metric: Record<string, string>; readonly value: readonly [number, string] };
        const path = `query?query=${encodeURIComponent(expression)}`;
        const { result } = await get<{ readonly result: readonly Series[] }>(path);
        return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
      },
      alerts: async () => (await get<{ readonly alerts: readonly PrometheusAlert[] }>('alerts')).alerts,
      inhibited: async () => {
        type Held = { readonly labels: Record<string, string>; readonly status: { readonly inhibitedBy: string[] } };
        const held = (await (await fetch(`http://${alertmanager.address}/api/v2/alerts`)).json()) as readonly Held[];
        return held
          .filter(({ status }) => status.inhibitedBy.length > 0)
          .map(({ labels }) => labels['alertname'] ?? '');
      },
      ruleSeconds: async () => {
        const page = await (await fetch(`http://${prometheus.address}/metrics`)).text();
        const lines = page.matchAll(/^prometheus_rule_group_last_duration_seconds\{.*\} (\S+)$/gm);
        return [...lines].map(([, seconds]) => Number(seconds));
      },
      logs: () =>
        `--- prometheus\n${prometheus.log().slice(-3000)}\n--- alertmanager\n${alertmanager.log().slice(-3000)}`,
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function startAlertmanager(folder: string, url: string, factor: number): Promise<Tool> {
  const example = parse(await readFile(join(alertsFolder, 'alertmanager.example.yaml'), 'utf8')) as {
    readonly route: unknown;
    readonly receivers: readonly { readonly name: string; readonly webhook_configs?: unknown }[];
  };
  const config = {
    ...example,
    route: scaledRoute(example.route, factor),
    // Who tells nobody goes on doing so.
    receivers: example.receivers.map((receiver) =>
      receiver.webhook_configs === undefined
        ? receiver
        : { name: receiver.name, webhook_configs: [{ url, send_resolved: true }] },
    ),
  };
  // JSON is YAML.
  await writeFile(join(folder, 'alertmanager.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  return await startTool({
    command: [
      ...(['unshare', '--mount', 'sh', '-c', inOwnShare, unpacked('alertmanager')] as const),
      unpacked('alertmanager', 'prometheus-alertmanager'),
      `--config.file=${join(folder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    address,
    logFile: join(folder, 'alertmanager.log'),
  });
}

async function startPrometheus(
  folder: string,
  targets: Readonly<Record<string, readonly Target[]>>,
  alertmanager: string,
  factor: number,
): Promise<Tool> {
  const rules = await readFile(join(alertsFolder, 'etcd-caretaker.rules.yaml'), 'utf8');
  await writeFile(join(folder, 'rules.yml'), scaledRules(rules, factor));
  const divided = (ms: number): string => `${Math.round(ms / factor)}ms`;
  const every = divided(scrapeEveryMs);
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: [join(folder, 'rules.yml')],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: Object.entries(targets).map(([job, group]) => ({
      job_name: job,
      static_configs: group.map(({ address, cluster }) => ({ targets: [address], labels: { cluster } })),
    })),
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  return await startTool({
    command: [
      unpacked('prometheus', 'prometheus'),
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
      `--query.lookback-delta=${divided(lookBackMs)}`,
      // An alert that is not sent again counts as resolved: this often, as by default, divided.
      `--rules.alert.resend-delay=${divided(resendMs)}`,
    ],
    address,
    logFile: join(folder, 'prometheus.log'),
  });
}
