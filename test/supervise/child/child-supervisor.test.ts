import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, test } from 'vitest';
import { readPidFile, writePidFile } from '../../../src/supervise/child/pid-file.ts';
import { commandLine, processOf } from '../../../src/supervise/linux/process-table.ts';
import { end, newMember, pidOf, type Supervised, signal, until } from './supervised.ts';

const open: Supervised[] = [];

afterEach(async () => {
  for (const member of open.splice(0)) await member[Symbol.asyncDispose]();
});

const member = async (line?: '3.4' | '3.5'): Promise<Supervised> => {
  const made = await newMember(line);
  open.push(made);
  return made;
};

/** Starts etcd through a process of its own, as an agent is one. */
const startedByParent = async ({ options, plan }: Supervised, ...words: readonly string[]) => {
  const program = join(import.meta.dirname, 'parent-process.ts');
  const { env: _, ...plain } = options;
  const args = [program, JSON.stringify(plain), JSON.stringify(plan), ...words];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: options.env });
  const exit = once(parent, 'exit');
  await Promise.race([once(parent.stdout, 'data'), exit]);
  return { parent, exit };
};

/** A program that runs etcd in a mount namespace of its own, where this is done first. */
const withOwnMounts = async ({ folder, options }: Supervised, first: string): Promise<string> => {
  const program = join(folder, 'etcd-with-own-mounts');
  const user = process.getuid?.() === 0 ? '' : '--map-root-user';
  await writeFile(
    program,
    `#!/bin/sh\nexec unshare ${user} --mount sh -c '${first}; exec ${options.program} "$@"' - "$@"\n`,
  );
  await chmod(program, 0o755);
  return program;
};

const withoutEnd = { ends: [] };

test.each(['3.4', '3.5'] as const)(
  'etcd %s is started, is looked at, and is stopped when somebody asks',
  async (line) => {
    const made = await member(line);
    const agent = made.agent();
    expect(await agent.look(signal)).toEqual({ state: 'stopped' });
    await agent.start(made.plan, signal);
    const pid = await pidOf(agent);
    expect(await agent.look(signal)).toEqual({ state: 'running', pid, adopted: false });
    await made.ready();
    expect(made.log()).toContain('{"level":"info"');
    expect(statSync(made.options.logFile).mode & 0o777).toBe(0o600);
    await agent.stop(signal);
    expect(await made.pids()).toEqual([]);
    expect(await agent.look(signal)).toMatchObject({ state: 'stopped', end: { how: 'SIGTERM', cause: 'asked' } });
    expect(agent).toMatchObject(withoutEnd);
    expect(await readPidFile(made.options.stateDir)).toBeUndefined();
  },
);

describe('an agent that goes', () => {
  it('leaves etcd running and logging when it is killed, and the next one adopts it and is told of its end', async () => {
    const made = await member();
    const { parent, exit } = await startedByParent(made);
    await made.ready();
    parent.kill('SIGKILL');
    await exit;
    const bytes = made.log().length;
    // Etcd says in its log that it does this.
    const answer = await fetch(`${made.options.member.endpoint}/v3/maintenance/defragment`, {
      method: 'POST',
      body: '{}',
    });
    expect(answer.status).toBe(200);
    await until('another line in the log', () => made.log().length > bytes);
    const [pid = 0] = await made.pids();
    const next = made.agent();
    expect(await next.look(signal)).toEqual({ state: 'running', pid, adopted: true });
    process.kill(pid, 'SIGTERM');
    await until('the end to be told', () => next.ends.length > 0);
    expect(next.ends).toMatchObject([{ how: 'unknown', cause: 'asked' }]);
    expect(await next.look(signal)).toMatchObject({ state: 'stopped', end: { cause: 'asked' } });
  });

  it('can end by itself while etcd runs', async () => {
    const made = await member();
    const { exit } = await startedByParent(made, 'leave');
    expect((await exit)[0]).toBe(0);
    await made.ready();
    const next = made.agent();
    await pidOf(next);
    await next.stop(signal);
    expect(await made.pids()).toEqual([]);
    expect(next).toMatchObject(withoutEnd);
  });

  it('has its successor told how etcd ended meanwhile', async () => {
    const made = await member();
    const first = made.agent({ args: ['--no-such-flag=1'] });
    await first.start(made.plan, signal);
    await until('the end', () => first.ends.length > 0);
    const evidence = 'flag provided but not defined: -no-such-flag';
    expect(first.ends).toMatchObject([{ how: 'exit code 2', cause: 'bad-flag', evidence }]);
    const state = await made.agent().look(signal);
    expect(state).toMatchObject({ state: 'stopped', end: { how: 'unknown', cause: 'bad-flag', evidence } });
  });
});

describe('a process is taken for the etcd of the member', () => {
  it('without a pid file where it has the data dir open', async () => {
    const made = await member();
    await made.agent().start(made.plan, signal);
    await made.ready();
    const [pid] = await made.pids();
    await rm(join(made.options.stateDir, 'etcd.pid.json'));
    const next = made.agent();
    expect(await next.look(signal)).toEqual({ state: 'running', pid, adopted: true });
    expect(await readPidFile(made.options.stateDir)).toMatchObject({ pid });
  });

  it('with mounts of its own, as systemd gives to each start of a unit, where the data dir is the same folder', async () => {
    const made = await member();
    await made.agent({ program: await withOwnMounts(made, ':') }).start(made.plan, signal);
    await made.ready();
    const [pid] = await made.pids();
    expect(await made.agent().look(signal)).toEqual({ state: 'running', pid, adopted: true });
    await rm(join(made.options.stateDir, 'etcd.pid.json'));
    expect(await made.agent().look(signal)).toEqual({ state: 'running', pid, adopted: true });
  });

  it('not where the same path is another folder for it, as in another container', async () => {
    const made = await member();
    await mkdir(made.options.member.dataDir);
    const inside = `mount -t tmpfs none ${made.folder}`;
    await made.agent({ program: await withOwnMounts(made, inside) }).start(made.plan, signal);
    await made.ready();
    expect(await made.agent().look(signal)).toMatchObject({ state: 'stopped' });
  });

  it('not where the path leads, by an absolute link, to another folder for it', async () => {
    const made = await member();
    const target = join(made.folder, 'target');
    await mkdir(target);
    await symlink(target, made.options.member.dataDir);
    const inside = `mount -t tmpfs -o mode=700 none ${target}`;
    await made.agent({ program: await withOwnMounts(made, inside) }).start(made.plan, signal);
    await made.ready();
    expect(await made.agent().look(signal)).toMatchObject({ state: 'stopped' });
  });

  it('never by a remembered id alone, be it another start, another program or another data dir', async () => {
    const made = await member();
    const other = await member();
    const neighbour = other.agent();
    await neighbour.start(other.plan, signal);
    await other.ready();
    const agent = made.agent();
    const { stateDir, logFile, member: place } = made.options;
    for (const pid of [process.pid, await pidOf(neighbour)]) {
      const { startTicks = 0 } = (await processOf(pid)) ?? {};
      for (const ticks of [startTicks, startTicks + 1]) {
        await writePidFile(stateDir, { pid, startTicks: ticks, dataDir: place.dataDir, logFile, logOffsetBytes: 0 });
        expect(await agent.look(signal)).toMatchObject({ state: 'stopped' });
        await agent.stop(signal);
      }
    }
    expect(await other.pids()).toEqual([await pidOf(neighbour)]);
  });

  it('not where it has only the words for it; then nothing is started or ended either', async () => {
    const made = await member();
    const { dataDir } = made.options.member;
    const words = ['-e', 'setTimeout(() => {}, 600_000)', '--', `--data-dir=${dataDir}`];
    const idle = spawn(process.execPath, words, { argv0: 'etcd', stdio: 'ignore' });
    await once(idle, 'spawn');
    const agent = made.agent();
    expect(await agent.look(signal)).toMatchObject({ state: 'unknown', reason: expect.stringContaining(dataDir) });
    await expect(agent.start(made.plan, signal)).rejects.toMatchObject({ code: 'SUPERVISE_UNPROVEN' });
    await expect(agent.stop(signal)).rejects.toMatchObject({ code: 'SUPERVISE_UNPROVEN' });
    idle.kill('SIGKILL');
    await once(idle, 'exit');
    expect(await agent.look(signal)).toEqual({ state: 'stopped' });
  });
});

describe('a start', () => {
  it('gives one process, however often it is asked for and by how many agents', async () => {
    const made = await member();
    const first = made.agent();
    await Promise.all([first.start(made.plan, signal), first.start(made.plan, signal), first.look(signal)]);
    await made.ready();
    const second = made.agent();
    await second.start(made.plan, signal);
    expect(await made.pids()).toEqual([await pidOf(first)]);
    expect(await pidOf(second)).toBe(await pidOf(first));
  });

  it('by two agents at one moment gives one that lives, which both then see', async () => {
    const made = await member();
    const [first, second] = [made.agent(), made.agent()];
    await Promise.all([first.start(made.plan, signal), second.start(made.plan, signal)]);
    await made.ready();
    await until('one process', async () => (await made.pids()).length === 1);
    await until(
      'both to see it',
      async () => (await pidOf(first).catch(() => 0)) === (await pidOf(second).catch(() => 1)),
    );
    const told = [...first.ends, ...second.ends].map(({ cause }) => cause);
    expect(told.every((cause) => cause === 'address-in-use')).toBe(true);
  });

  it.each(['3.4', '3.5'] as const)(
    'of etcd %s says nothing of a cluster unless the plan does, and with nothing in the data dir begins none',
    async (line) => {
      const made = await member(line);
      const agent = made.agent();
      await agent.start({}, signal);
      await until('its end', () => agent.ends.length > 0);
      expect(agent.ends).toMatchObject([{ how: 'exit code 1' }]);
      await agent.start(made.plan, signal);
      await made.ready();
      expect(await commandLine(await pidOf(agent))).toContain(`--initial-cluster=m1=${made.options.member.peerUrl}`);
      await agent.stop(signal);
      await agent.start({}, signal);
      await made.ready();
      const initial = (await commandLine(await pidOf(agent))).filter((word) =>
        /^--(initial-cluster|discovery)/.test(word),
      );
      expect(initial).toEqual(['--initial-cluster-state=existing']);
    },
  );

  it('that fails says which program could not be started', async () => {
    const made = await member();
    const agent = made.agent({ program: '/nonexistent/etcd' });
    const failure = {
      code: 'SUPERVISE_START_FAILED',
      member: 'm1',
      message: expect.stringContaining('/nonexistent/etcd'),
    };
    await expect(agent.start(made.plan, signal)).rejects.toMatchObject(failure);
    expect(await agent.look(signal)).toEqual({ state: 'stopped' });
  });

  it('puts a log that has grown too long aside, and reads causes from its own lines only', async () => {
    const made = await member();
    writeFileSync(made.options.logFile, '{"level":"fatal","msg":"discovery failed","error":"walpb: crc mismatch"}\n');
    const agent = made.agent();
    await agent.start(made.plan, signal);
    await made.ready();
    await end(await pidOf(agent));
    await until('the end', () => agent.ends.length > 0);
    expect(agent.ends).toMatchObject([{ how: 'SIGKILL', cause: 'killed' }]);
    truncateSync(made.options.logFile, 64 * 2 ** 20 + 1);
    await agent.start({}, signal);
    await made.ready();
    expect(statSync(`${made.options.logFile}.1`).size).toBeGreaterThan(64 * 2 ** 20);
    expect(made.log()).toMatch(/^\{"level"/);
  });
});

describe('a stop', () => {
  it('reaches an etcd that is stopped with SIGSTOP', async () => {
    const made = await member();
    const agent = made.agent();
    await agent.start(made.plan, signal);
    await made.ready();
    process.kill(await pidOf(agent), 'SIGSTOP');
    await agent.stop(signal);
    expect(await agent.look(signal)).toMatchObject({ state: 'stopped', end: { how: 'SIGTERM', cause: 'asked' } });
  });

  it('kills where etcd takes too long, and goes on when nobody waits for it any more', async () => {
    const made = await member();
    const agent = made.agent({ stopGraceMs: 0 });
    await agent.start(made.plan, signal);
    await made.ready();
    const giveUp = new AbortController();
    const stop = agent.stop(giveUp.signal);
    giveUp.abort();
    await expect(stop).rejects.toThrow('aborted');
    await until('etcd to be gone', async () => (await agent.look(signal)).state === 'stopped');
    expect(await agent.look(signal)).toMatchObject({ end: { cause: 'asked' } });
    expect(agent).toMatchObject(withoutEnd);
  });

  it('does nothing where nothing runs', async () => {
    const made = await member();
    await made.agent().stop(signal);
    expect(await made.pids()).toEqual([]);
  });
});

test('a bit that flipped in the WAL is told as the cause, and nothing is taken away for it', async () => {
  const made = await member();
  const agent = made.agent();
  await agent.start(made.plan, signal);
  await made.ready();
  await agent.stop(signal);
  const wal = join(made.options.member.dataDir, 'member', 'wal', '0000000000000000-0000000000000000.wal');
  const bytes = await readFile(wal);
  const at = bytes.indexOf('/0/members/');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(wal, bytes);
  await agent.start({}, signal);
  await until('its end', () => agent.ends.length > 0);
  expect(agent.ends).toMatchObject([
    { how: 'exit code 1', cause: 'wal-corrupt', evidence: expect.stringContaining('crc') },
  ]);
  expect((await readFile(wal)).equals(bytes)).toBe(true);
});
