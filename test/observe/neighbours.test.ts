import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import type { Sections } from '../../src/cluster/sections.ts';
import type { EtcdProcessFinder } from '../../src/observe/linux/etcd-process.ts';
import { neighboursCollector } from '../../src/observe/neighbours.ts';
import { emptyObservation } from '../../src/observe/runner.ts';
import { roundNow } from '../fixtures/linux/round.ts';

const started = new Set<ChildProcess>();
const folders = new Set<string>();

afterEach(async () => {
  for (const each of started) {
    const ended = once(each, 'exit');
    each.kill('SIGKILL');
    await ended;
  }
  started.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
});

function observationWith(sections: { readonly [K in keyof Sections]?: Partial<Sections[K]> }): Observation {
  const readings = Object.entries(sections).map(([name, value]) => [
    name,
    { observedAtMs: 1, durationSeconds: 0, value },
  ]);
  return {
    ...emptyObservation({ member: 'm1', cluster: 'c', agentVersion: '1' }),
    sections: Object.fromEntries(readings),
  };
}

const stalled = (resource: 'cpu' | 'io', avg10Ratio: number) => ({
  pressure: { stalls: [{ scope: 'system' as const, resource, kind: 'some' as const, stalledSeconds: 1, avg10Ratio }] },
});

const noEtcd: EtcdProcessFinder = {
  find: () => Promise.reject(new AgentError('ETCD_PROCESS_NOT_FOUND', 'there is none')),
};

const collect = (observation: Observation, etcd = noEtcd) =>
  neighboursCollector({ etcd, observation: () => observation, spanMs: 300, toldAtMost: 1000 }).collect(roundNow());

test('it does not look while nothing is short', async () => {
  expect(await collect(observationWith({}))).toEqual({ top: [], groups: [] });
  expect(await collect(observationWith({ wal: { walFsyncP99Seconds: 0.005 }, ...stalled('cpu', 0.2) }))).toEqual({
    top: [],
    groups: [],
  });
});

test('while CPUs are short it names the process that uses most of them', async () => {
  const hog = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  started.add(hog);
  const section = await collect(observationWith(stalled('cpu', 0.8)));
  expect(section.because).toBe('cpu');
  const named = section.top.find(({ pid }) => pid === hog.pid);
  expect(named?.command).toBe('sh');
  expect(named?.cpus).toBeGreaterThan(0);
  const cpus = section.top.map((each) => each.cpus);
  expect(cpus).toEqual(cpus.toSorted((a, b) => b - a));
  expect(section.busyRatio).toBeGreaterThan(0);
});

test('while fsyncs are slow it names the process that writes most, and tells etcd apart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'neighbours-'));
  folders.add(folder);
  const args = ['if=/dev/zero', `of=${join(folder, 'file')}`, 'bs=64k', 'count=20000', 'oflag=dsync'];
  const writer = spawn('dd', args, { stdio: 'ignore' });
  started.add(writer);
  const slow = observationWith({ wal: { walFsyncP99Seconds: 0.1 } });
  const section = await collect(slow);
  expect(section.because).toBe('io');
  const named = section.top.find(({ pid }) => pid === writer.pid);
  expect(named?.command).toBe('dd');
  expect(named?.ioBytesPerSecond).toBeGreaterThan(0);
  expect(section.othersIoBytesPerSecond).toBeGreaterThanOrEqual(named?.ioBytesPerSecond ?? Number.NaN);

  const itself = { find: async () => ({ pid: writer.pid }) } as unknown as EtcdProcessFinder;
  const told = await collect(slow, itself);
  expect(told.top.map(({ pid }) => pid)).not.toContain(writer.pid);
  expect(told.etcdIoBytesPerSecond).toBeGreaterThan(0);
});
