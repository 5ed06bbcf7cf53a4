import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parsePage } from '../expose/support/metrics-text.ts';
import { startCluster } from '../real/cluster.ts';
import { alertsFolder, ruleFiles, ruleGroups } from './rules.ts';

/** What the expressions of all rules ask of etcd: metrics, and edges of its histograms. */
function askedOfEtcd(): {
  readonly names: ReadonlySet<string>;
  readonly edges: readonly (readonly [string, string])[];
} {
  const expressions = ruleFiles.flatMap((file) =>
    ruleGroups(file).flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  );
  const found = expressions.join('\n');
  const names = found.match(/(?<![\w:])(?:etcd_(?!caretaker|only)|process_|grpc_)\w+(?![\w:])/g) ?? [];
  const edges = [...found.matchAll(/(?<![\w:])(etcd_disk_\w+_bucket)\{le="([\d.]+)"\}/g)];
  const labels = new Set(['grpc_service']);
  return {
    names: new Set(names.filter((name) => !labels.has(name))),
    edges: edges.map(([, name = '', edge = '']) => [name, edge]),
  };
}

it.each(['3.4', '3.5'] as const)(
  'etcd %s exports every metric and every edge that the rules ask it for',
  async (version) => {
    const { names, edges } = askedOfEtcd();
    expect(names.size).toBeGreaterThan(10);
    expect(edges.length).toBeGreaterThan(5);
    await using cluster = await startCluster({ version });
    await cluster.etcdctl('put', 'a', 'b');
    const { samples } = parsePage(await fetch(cluster.members[0]?.metricsUrl ?? '').then((answer) => answer.text()));
    const exported = new Set(samples.map(({ name }) => name));
    expect([...names].filter((name) => !exported.has(name))).toEqual([]);
    const has = ([name, le]: readonly [string, string]): boolean =>
      samples.some((sample) => sample.name === name && sample.labels['le'] === le);
    expect(edges.filter((edge) => !has(edge))).toEqual([]);
  },
);

it('the runbook of every alert that asks etcd itself is named by EtcdNotScraped', async () => {
  const page = await readFile(join(alertsFolder, 'runbooks', 'EtcdNotScraped.md'), 'utf8');
  for (const alert of ['EtcdWalFsyncSlow', 'EtcdWalFsyncStalling', 'EtcdCommitSlow', 'EtcdProposalsFailing']) {
    expect(page).toContain(alert);
  }
});
