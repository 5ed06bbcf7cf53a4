import { join } from 'node:path';
import type { FullFigures } from './full-child.ts';
import { option } from './option.ts';
import type { Part } from './parts.ts';
import { etcdctlSave, takeInChild } from './snapshots.ts';
import { median } from './target.ts';

const mib = 2 ** 20;
const defaultMib = 2048;
const defaultRuns = 5;

/**
 * A full snapshot into a folder beside `etcdctl snapshot save` of the same member, by turns (`--size MIB`, `--runs N`,
 * `--etcd 3.4`): wall time (median), resident memory at most, how long etcd's read was open.
 */
export const fullSnapshots: Part = async (args, { members }) => {
  const sizeMib = Number(option(args, '--size') ?? defaultMib);
  const runs = Number(option(args, '--runs') ?? defaultRuns);
  const version = option(args, '--etcd') === '3.4' ? '3.4' : '3.5';
  console.log(`\nfull snapshots of ${sizeMib} MiB of values, etcd ${version}, ${runs} runs`);
  const { cluster, endpoint } = await members.get(sizeMib, version);
  const theirs: number[] = [];
  const plain: FullFigures[] = [];
  const encrypted: FullFigures[] = [];
  for (let i = 0; i < runs; i += 1) {
    theirs.push(await etcdctlSave(cluster.binaries.etcdctl, endpoint, join(cluster.folder, 'theirs.snap')));
    plain.push(await takeInChild(endpoint, join(cluster.folder, 'ours'), 'plain'));
    encrypted.push(await takeInChild(endpoint, join(cluster.folder, 'ours'), 'age'));
  }
  const reference = median(theirs);
  console.log(
    [
      '',
      '| | wall, median | all | / etcdctl | CPU | read open | stored | RSS before | RSS at most |',
      '|---|---|---|---|---|---|---|---|---|',
      `| etcdctl snapshot save | ${reference.toFixed(2)} s | ${seconds(theirs)} | 1 | | | | | |`,
      row('full snapshot: SHA-256, content read, zstd 1', plain, reference),
      row('and encrypted (age)', encrypted, reference),
    ].join('\n'),
  );
};

function row(name: string, figures: readonly FullFigures[], reference: number): string {
  const walls = figures.map((figure) => figure.seconds);
  const bytes = (of: (figure: FullFigures) => number): string => `${Math.round(median(figures.map(of)) / mib)} MiB`;
  const cells = [
    name,
    `${median(walls).toFixed(2)} s`,
    seconds(walls),
    (median(walls) / reference).toFixed(2),
    `${median(figures.map(({ cpuSeconds }) => cpuSeconds)).toFixed(1)} s`,
    `${median(figures.map(({ readSeconds }) => readSeconds)).toFixed(2)} s`,
    bytes(({ storedBytes }) => storedBytes),
    bytes(({ residentBefore }) => residentBefore),
    `${Math.round(Math.max(...figures.map(({ residentPeak }) => residentPeak)) / mib)} MiB`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function seconds(walls: readonly number[]): string {
  return walls.map((wall) => wall.toFixed(1)).join(' ');
}
