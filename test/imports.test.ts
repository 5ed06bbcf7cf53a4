import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** For each folder of `src/`, the other folders it may import from: imports point one way through the house. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  main: ['cli'],
  'agent-main': ['agent', 'cli'],
  'drill-main': ['agent'],
  abort: [],
  pem: ['cluster'],
  cli: [
    'abort',
    'agent',
    'backup',
    'cluster',
    'config',
    'demo',
    'distribution',
    'etcd',
    'expose',
    'journal',
    'observe',
    'operate',
    'pem',
  ],
  agent: [
    'abort',
    'backup',
    'cluster',
    'config',
    'decide',
    'distribution',
    'etcd',
    'expose',
    'journal',
    'lead',
    'observe',
    'operate',
    'datadir',
    'supervise',
  ],
  backup: ['abort', 'cluster', 'datadir', 'distribution', 'etcd', 'pem'],
  demo: ['abort', 'cluster', 'distribution', 'supervise'],
  distribution: ['cluster'],
  expose: ['cluster', 'pem'],
  ui: ['cluster', 'expose'],
  observe: ['abort', 'cluster', 'etcd', 'pem'],
  operate: ['abort', 'cluster', 'etcd', 'journal'],
  supervise: ['abort', 'cluster', 'distribution'],
  datadir: ['abort', 'cluster'],
  lead: ['abort', 'cluster', 'etcd', 'journal'],
  journal: ['abort', 'cluster', 'etcd'],
  etcd: ['abort', 'cluster', 'pem'],
  decide: ['cluster'],
  cluster: [],
  config: [],
};

/** Siblings of one kind that must not know each other, by folder; a subject may have a folder of its own name. */
const siblings: Readonly<Record<string, readonly string[]>> = {
  decide: [
    'compaction',
    'defrag',
    'drill',
    'hash-check',
    'join',
    'leave',
    'member-update',
    'move-leader',
    'nospace',
    'release',
    'replace',
    'restart',
    'rollout',
    'snapshot',
    'upgrade',
  ],
  observe: [
    'canary',
    'certificates',
    'cluster',
    'disk',
    'filesystem',
    'fsync-probe',
    'host',
    'keyspace',
    'limits',
    'member',
    'neighbours',
    'peers',
    'pressure',
    'process',
    'quota',
    'requests',
    'wal',
  ],
  operate: [
    'compaction',
    'defrag',
    'drill',
    'hash-check',
    'join',
    'leave',
    'member-update',
    'move-leader',
    'nospace',
    'release',
    'replace',
    'restart',
    'rollout',
    'snapshot',
    'upgrade',
  ],
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function importsOf(file: string, root = src): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [
    ...text.matchAll(/(?:^import\s[^;]*?from\s+|^import\s+|^export\s[^;]*?from\s+|import\()'(\.[^']+)'/gm),
  ];
  return found.map((match) => normalize(join(dirname(file), match[1] ?? '')));
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
const imports: readonly Import[] = files.flatMap((from) => importsOf(from).map((to) => ({ from, to })));

function folderOf(file: string): string {
  return file.includes(sep) ? (file.split(sep)[0] ?? '') : file.replace(/\.ts$/, '');
}

/** `observe/disk.ts` and `observe/disk/x.ts` are of the subject `disk`. */
function subjectOf(file: string): string {
  return (file.split(sep)[1] ?? '').replace(/\.ts$/, '');
}

describe('imports point one way through the house', () => {
  it('finds the files and their imports', () => {
    expect(files.length).toBeGreaterThan(10);
    expect(imports.length).toBeGreaterThan(10);
  });

  it('imports stay inside src', () => {
    expect(imports.filter(({ to }) => relative('.', to).startsWith('..'))).toEqual([]);
  });

  it('no folder imports from a folder it must not know', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [source, target] = [folderOf(from), folderOf(to)];
      return source !== target && !(allowed[source] ?? []).includes(target);
    });
    expect(wrong).toEqual([]);
  });

  it('no collector imports another collector, no policy another policy, and no operation another operation', () => {
    const wrong = imports.filter(({ from, to }) => {
      const folder = folderOf(from);
      const kin = siblings[folder] ?? [];
      const [a, b] = [subjectOf(from), subjectOf(to)];
      return folder === folderOf(to) && a !== b && kin.includes(a) && kin.includes(b);
    });
    expect(wrong).toEqual([]);
  });

  it('the code of the dashboards imports nothing of ours, and kinds of panel know no dashboard', () => {
    const dashboards = fileURLToPath(new URL('../dashboards/src/', import.meta.url));
    const made = readdirSync(dashboards, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const known = made.flatMap((from) => importsOf(from, dashboards).map((to) => ({ from, to })));
    expect(known.length).toBeGreaterThan(10);
    expect(known.filter(({ to }) => relative('.', to).startsWith('..'))).toEqual([]);
    const ofPanels = known.filter(({ from, to }) => folderOf(from) === 'panels' && folderOf(to) !== 'panels');
    expect(new Set(ofPanels.map(({ to }) => to))).toEqual(new Set(['datasource.ts', 'panel-text.ts', 'query.ts']));
  });

  it('only etcd/ imports a client library of etcd', () => {
    const clients = files.filter((file) => /from '(etcd3|@grpc\/[^']+)'/.test(readFileSync(join(src, file), 'utf8')));
    expect(clients.filter((file) => folderOf(file) !== 'etcd')).toEqual([]);
  });

  it('the page takes at run time only what is pure, and nothing takes the page', () => {
    const ofPage = files.filter((file) => folderOf(file) === 'ui');
    const taken = ofPage.flatMap((from) => {
      const text = readFileSync(join(src, from), 'utf8').replaceAll(/^import type\s[^;]*;$/gm, '');
      return [...text.matchAll(/^import\s[^;]*?'(\.[^']+)'/gm)].map((match) =>
        normalize(join(dirname(from), match[1] ?? '')),
      );
    });
    expect(taken.length).toBeGreaterThan(10);
    expect(new Set(taken.filter((to) => folderOf(to) !== 'ui'))).toEqual(
      new Set([
        'cluster/caretaking.ts',
        'cluster/diagnosis.ts',
        'cluster/units.ts',
        'expose/headline.ts',
        'expose/live/words.ts',
        'expose/sentences.ts',
      ]),
    );
    expect(imports.filter(({ from, to }) => folderOf(to) === 'ui' && folderOf(from) !== 'ui')).toEqual([]);
  });

  it('only cli and agent read configuration', () => {
    const readers = imports.filter(({ to }) => folderOf(to) === 'config').map(({ from }) => folderOf(from));
    expect([...new Set(readers)].filter((folder) => !['agent', 'cli', 'config'].includes(folder))).toEqual([]);
  });
});
