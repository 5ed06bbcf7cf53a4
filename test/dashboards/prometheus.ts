import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../real/ports.ts';

const program = join(import.meta.dirname, '..', '..', '.tools', 'prometheus', 'prometheus');

const value = z.tuple([z.number(), z.string()]);

const answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value })),
      }),
      z.object({ resultType: z.literal('scalar'), result: value }),
    ]),
  }),
  z.object({ status: z.literal('error'), error: z.string() }),
]);

/** The labels of one series of an answer. */
export type Labels = Readonly<Record<string, string>>;

/** A Prometheus of its own on loopback; whoever starts it closes it. */
export class Prometheus implements AsyncDisposable {
  readonly #url: string;
  readonly #folder: string;
  readonly #process: ChildProcess;

  private constructor(url: string, folder: string, process: ChildProcess) {
    this.#url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /**
   * @param config what stands in `prometheus.yml`
   * @param rules what stands in the file of its rules
   */
  static async start(config: object, rules: object = {}): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-prometheus-'));
    const listen = `127.0.0.1:${await freePort()}`;
    // JSON is YAML.
    await writeFile(join(folder, 'rules.yml'), JSON.stringify(rules));
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify({ ...config, rule_files: ['rules.yml'] }));
    const child = spawn(
      program,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${listen}`,
      ],
      { stdio: 'ignore' },
    );
    process.once('exit', () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    return new Prometheus(`http://${listen}`, folder, child);
  }

  /** The series of an instant query that have a value; throws where it does not parse or cannot be evaluated. */
  async query(expr: string): Promise<readonly Labels[]> {
    const reply = await fetch(`${this.#url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expr }),
      signal: AbortSignal.timeout(30_000),
    });
    const parsed = answer.parse(await reply.json());
    if (parsed.status === 'error') throw new Error(`${parsed.error}\n  in ${expr}`);
    if (parsed.data.resultType === 'scalar') return [{}];
    // Not a number is drawn as nothing: a quantile of a histogram that nothing fell into.
    return parsed.data.result.filter(({ value: [, text] }) => text !== 'NaN').map(({ metric }) => metric);
  }

  /** Waits until it answers. */
  async untilReady(): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      const reply = await fetch(`${this.#url}/-/ready`).catch(() => undefined);
      if (reply?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('Prometheus is not ready after 30 s');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
