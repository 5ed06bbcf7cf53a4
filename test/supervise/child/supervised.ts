import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessEnd } from '../../../src/cluster/own-member.ts';
import { type ChildOptions, childSupervisor } from '../../../src/supervise/child/child-supervisor.ts';
import { commandLine, isAlive, processIds, processOf } from '../../../src/supervise/linux/process-table.ts';
import type { StartPlan, Supervisor } from '../../../src/supervise/supervisor.ts';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { freePort } from '../../real/ports.ts';

/** A member of its own folder and ports that tests start through supervisors; closing ends its etcd, however it was started. */
export type Supervised = AsyncDisposable & {
  readonly folder: string;
  readonly options: ChildOptions;
  /** With which it begins a cluster of its own. */
  readonly plan: StartPlan;
  /** A supervisor as the next agent would make it, with the ends that it tells. */
  agent(changed?: Partial<ChildOptions>): Supervisor & { readonly ends: readonly ProcessEnd[] };
  /** Waits until etcd answers a linearizable read. */
  ready(): Promise<void>;
  log(): string;
  /** Ids of all its processes of etcd. */
  pids(): Promise<readonly number[]>;
};

/** Never aborted. */
export const { signal } = new AbortController();

export const newMember = async (line: EtcdLine = '3.5'): Promise<Supervised> => {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-child-'));
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const options: ChildOptions = {
    member: { name: 'm1', dataDir: join(folder, 'data'), endpoint, peerUrl },
    program: findBinaries(line).etcd,
    args: [],
    logFile: join(folder, 'etcd.log'),
    stateDir: join(folder, 'state'),
    stopGraceMs: 10_000,
    env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
  };
  const supervisors: Supervisor[] = [];
  const pids = async (): Promise<readonly number[]> => {
    const mine = await Promise.all((await processIds()).map(async (pid) => ({ pid, words: await commandLine(pid) })));
    return mine.filter(({ words }) => words.includes(`--data-dir=${options.member.dataDir}`)).map(({ pid }) => pid);
  };
  return {
    folder,
    options,
    plan: { initial: { state: 'new', members: [{ name: 'm1', peerUrl }], token: folder } },
    agent: (changed = {}) => {
      const supervisor = childSupervisor({ ...options, ...changed });
      supervisors.push(supervisor);
      const ends: ProcessEnd[] = [];
      supervisor.onEnd((end) => ends.push(end));
      return Object.assign(supervisor, { ends });
    },
    ready: () =>
      until(`etcd at ${endpoint}`, async () => {
        const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
        return answer?.ok === true;
      }),
    log: () => readFileSync(options.logFile, 'utf8'),
    pids,
    [Symbol.asyncDispose]: async () => {
      for (const supervisor of supervisors) await supervisor[Symbol.asyncDispose]();
      for (const pid of await pids()) await end(pid);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
};

/** Kills a process and waits until it is gone. */
export const end = async (pid: number): Promise<void> => {
  const identity = await processOf(pid);
  if (identity === undefined) return;
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} to end`, async () => !(await isAlive(identity)));
};

/** Waits until `holds` is true; throws when that takes a minute. */
export const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited a minute in vain for ${what}`);
    await sleep(25);
  }
};

/** The id of the running process that a supervisor sees; throws where it sees none. */
export const pidOf = async (supervisor: Supervisor): Promise<number> => {
  const state = await supervisor.look(signal);
  if (state.state !== 'running' || state.pid === undefined) throw new Error(`it is ${JSON.stringify(state)}`);
  return state.pid;
};
