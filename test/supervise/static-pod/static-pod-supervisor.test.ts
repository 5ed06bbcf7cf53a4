import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ProcessEnd } from '../../../src/cluster/own-member.ts';
import type { Supervisor } from '../../../src/supervise/supervisor.ts';
import { type PodHost, podHost, until } from './pod-on-etcd.ts';

const signal = AbortSignal.timeout(600_000);

async function pidOf(supervisor: Supervisor): Promise<number> {
  const state = await supervisor.look(signal);
  return state.state === 'running' ? (state.pid ?? 0) : 0;
}

const ready = (host: PodHost) =>
  until(`${host.name} is ready`, async () => (await host.etcdctl('endpoint', 'health')) !== undefined);

describe('etcd as a static pod of a stand-in kubelet', () => {
  it('is stopped by taking its manifest away, and goes on with its data when it is put back', async () => {
    await using host = await podHost('a');
    await using supervisor = host.supervisor();
    const ends: ProcessEnd[] = [];
    supervisor.onEnd((end) => ends.push(end));
    await supervisor.start({}, signal);
    await ready(host);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'running', adopted: true });
    await host.etcdctl('put', 'key', 'value');
    const original = readFileSync(host.manifest, 'utf8');

    await supervisor.stop(signal);
    expect(await supervisor.look(signal)).toEqual({ state: 'stopped' });
    expect(existsSync(host.manifest)).toBe(false);
    expect(readFileSync(host.held, 'utf8')).toBe(original);
    await supervisor.stop(signal);

    await supervisor.start({}, signal);
    await ready(host);
    expect(await host.etcdctl('get', 'key', '--print-value-only')).toBe('value\n');
    expect(await supervisor.look(signal)).toMatchObject({ state: 'running', adopted: false });
    const edited = readFileSync(host.manifest, 'utf8').split('\n');
    const before = original.split('\n').filter((line) => !line.includes('--initial-cluster='));
    expect(edited.filter((line) => !line.includes('--initial-cluster-state=existing'))).toEqual(before);
    expect(statSync(host.manifest).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${host.held}.previous`, 'utf8')).toBe(original);
    expect(ends).toEqual([]);
    expect([...host.kubelet.seen]).toEqual(['etcd.yaml']);
    expect(host.kubelet.unreadable).toBe(0);
  });

  it('joins a cluster by the plan, whatever its manifest says, and begins none when its data are gone', async () => {
    await using first = await podHost('a');
    const stale = (peerUrl: string) => [
      `--initial-cluster=b=${peerUrl}`,
      '--initial-cluster-state=new',
      '--discovery-srv',
      'nowhere.invalid',
    ];
    await using second = await podHost('b', stale);
    await using supervisor = second.supervisor();
    await supervisor.stop(signal);
    rmSync(second.dataDir, { recursive: true, force: true });
    await ready(first);
    await first.etcdctl('member', 'add', 'b', '--learner', `--peer-urls=${second.peerUrl}`);
    const members = [first, second].map(({ name, peerUrl }) => ({ name, peerUrl }));

    await supervisor.start({ initial: { state: 'existing', members, token: 'any' } }, signal);
    await until('b is started', async () => (await first.etcdctl('member', 'list')).includes('started, b,'));

    await supervisor.stop(signal);
    renameSync(second.dataDir, `${second.dataDir}.gone`);
    const ended = Promise.withResolvers<void>();
    supervisor.onEnd(() => ended.resolve());
    await supervisor.start({}, signal);
    await ended.promise;
    expect(existsSync(join(second.dataDir, 'member', 'wal'))).toBe(false);
  });

  it('is seen to end, also when the kubelet starts it again', async () => {
    await using host = await podHost('a');
    await using supervisor = host.supervisor();
    const ends: ProcessEnd[] = [];
    await supervisor.start({}, signal);
    supervisor.onEnd((end) => ends.push(end));
    const pid = await pidOf(supervisor);
    process.kill(pid, 'SIGKILL');
    await until('the end is told', () => ends.length > 0);
    await supervisor.start({}, signal);
    expect(await pidOf(supervisor)).not.toBe(pid);
    expect(ends).toMatchObject([{ how: 'unknown', cause: 'unknown' }]);
  });

  it('has one end also where its port stays open for a moment after its process is gone', async () => {
    await using host = await podHost('a');
    const procRoot = join(host.folder, 'proc');
    mkdirSync(procRoot);
    await using seeing = host.supervisor();
    await seeing.start({}, signal);
    const pid = await pidOf(seeing);
    symlinkSync(`/proc/${pid}`, join(procRoot, String(pid)));
    await using supervisor = host.supervisor({ procRoot });
    await supervisor.start({}, signal);
    await ready(host);
    const ends: ProcessEnd[] = [];
    supervisor.onEnd((end) => ends.push(end));
    // As of a process whose first thread has ended and whose other threads have not.
    rmSync(join(procRoot, String(pid)));
    expect(await supervisor.look(signal)).toMatchObject({ state: 'unknown' });
    await sleep(200);
    expect(ends).toEqual([]);
    host.kubelet.pause();
    process.kill(pid, 'SIGKILL');
    await until('the end is told', () => ends.length > 0);
    await sleep(200);
    expect(ends).toMatchObject([{ how: 'unknown' }]);
  });

  it('a start that no kubelet makes is given up, and says so', async () => {
    await using host = await podHost('a');
    await using supervisor = host.supervisor({ startWithinMs: 300 });
    await supervisor.stop(signal);
    await host.kubelet[Symbol.asyncDispose]();
    const refused = { code: 'SUPERVISE_START_FAILED', message: expect.stringContaining('kubelet') };
    await expect(supervisor.start({}, signal)).rejects.toMatchObject(refused);
    expect(existsSync(host.manifest)).toBe(true);
  });

  it('is ended by the agent where the kubelet is down, also while it is paused', async () => {
    await using host = await podHost('a');
    await using supervisor = host.supervisor({ stopGraceMs: 200 });
    await supervisor.start({}, signal);
    host.kubelet.pause();
    process.kill(await pidOf(supervisor), 'SIGSTOP');
    await supervisor.stop(signal);
    expect(await supervisor.look(signal)).toEqual({ state: 'stopped' });
  });

  it('is told by its port where its process cannot be seen', async () => {
    await using host = await podHost('a');
    const procRoot = join(host.folder, 'no-proc');
    mkdirSync(procRoot);
    await using supervisor = host.supervisor({ procRoot });
    await supervisor.start({}, signal);
    expect(await supervisor.look(signal)).toEqual({ state: 'running', adopted: true });
    host.kubelet.pause();
    renameSync(host.manifest, `${host.folder}/elsewhere.yaml`);
    expect(await supervisor.look(signal)).toMatchObject({ state: 'unknown' });
    renameSync(`${host.folder}/elsewhere.yaml`, host.manifest);
    host.kubelet.resume();
    await supervisor.stop(signal);
    expect(await supervisor.look(signal)).toEqual({ state: 'stopped' });
  });

  it('another etcd of the machine is not taken for it', async () => {
    await using host = await podHost('a');
    await using other = await podHost('a');
    await using supervisor = host.supervisor();
    await supervisor.start({}, signal);
    await supervisor.stop(signal);
    await other.supervisor().start({}, signal);
    expect(await supervisor.look(signal)).toEqual({ state: 'stopped' });
  });
});

/** Another file system than that of the temporary folder, where the machine has one. */
const sharedMemory = '/dev/shm';
const elsewhere = existsSync(sharedMemory) && statSync(sharedMemory).dev !== statSync('/tmp').dev;

describe('a folder to hold the manifest in', () => {
  it.runIf(elsewhere)('may be on another file system', async () => {
    await using host = await podHost('a');
    const folder = mkdtempSync(join(sharedMemory, 'caretaker-held-'));
    const holdDir = join(folder, 'held');
    await using supervisor = host.supervisor({ holdDir });
    await supervisor.start({}, signal);
    const original = readFileSync(host.manifest, 'utf8');
    await supervisor.stop(signal);
    expect(readFileSync(join(holdDir, 'etcd.yaml'), 'utf8')).toBe(original);
    expect(existsSync(host.manifest)).toBe(false);
    await supervisor.start({}, signal);
    expect(await pidOf(supervisor)).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
  });
});
