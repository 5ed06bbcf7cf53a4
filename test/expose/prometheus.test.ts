import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../real/ports.ts';
import { serve, temporaryFolder } from './support/server.ts';

const prometheus = join(import.meta.dirname, '..', '..', '.tools', 'prometheus', 'prometheus');

interface Result {
  readonly data?: {
    readonly result?: readonly { readonly metric: object; readonly value: readonly [number, string] }[];
  };
}

it('Prometheus itself scrapes the page and answers queries from it', async () => {
  const { address } = await serve();
  const folder = await temporaryFolder();
  const listen = `127.0.0.1:${await freePort()}`;
  const config = {
    global: { scrape_interval: '2s', scrape_timeout: '2s' },
    scrape_configs: [{ job_name: 'agents', static_configs: [{ targets: [`127.0.0.1:${address.port}`] }] }],
  };
  // JSON is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const server = spawn(
    prometheus,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
    ],
    { stdio: 'ignore' },
  );
  try {
    const query = async (text: string): Promise<Result> => {
      const url = `http://${listen}/api/v1/query?query=${encodeURIComponent(text)}`;
      const answer = await fetch(url).catch(() => undefined);
      return answer?.ok === true ? ((await answer.json()) as Result) : {};
    };
    const values = async (text: string): Promise<readonly string[]> =>
      (await query(text)).data?.result?.map(({ value }) => value[1]) ?? [];
    // A scrape may fail by its time-out on a busy machine, and then nothing has a value until the next one; a page that
    // cannot be parsed fails all of them.
    const expectValue = (text: string, value: string) =>
      expect.poll(() => values(text), { timeout: 60_000, interval: 200 }).toEqual([value]);
    await expectValue('etcd_caretaker_rounds_total', '42');
    await expectValue('up', '1');
    await expectValue('etcd_caretaker_quota_full_in_seconds', '+Inf');
    await expectValue('etcd_caretaker_cluster_voters_reachable >= etcd_caretaker_cluster_quorum_size', '2');
    await expectValue('etcd_caretaker_peer_rtt_seconds_bucket{peer="m2",probe="tls",le="1.0"}', '300');
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
});
