import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { findEtcd } from '../distribution/find-binaries.ts';
import { AgentKeeper } from './agent-keeper.ts';
import { type DemoChild, startChild } from './child.ts';
import { writeDemoFile } from './demo-file.ts';
import { childEnvironment } from './environment.ts';
import { etcdCommand } from './etcd-command.ts';
import { prepareFolder } from './folder.ts';
import { checkPorts } from './free-ports.ts';
import { type DemoLayout, layOut, type MemberLayout } from './layout.ts';
import type { DemoOptions } from './options.ts';
import { signalMarked } from './processes.ts';
import { listenForStop } from './stop-request.ts';
import { waitForAgents, waitForMembers } from './wait-ready.ts';
import { startWatchdog } from './watchdog.ts';
import { welcome } from './welcome.ts';
import { writeUntil } from './write-load.ts';

const etcdGraceMs = 5_000;

/** The entry of this program, compiled or not as this file is. */
const mainFile = join(import.meta.dirname, '..', `main${extname(import.meta.filename)}`);

/**
 * Runs the demo until it is told to stop or its time is over, then leaves nothing running. `print` gets what the demo
 * has to show, `say` one line per event. Throws what keeps it from starting, with nothing left behind.
 */
export async function runDemo(
  options: DemoOptions,
  print: (text: string) => void,
  say: (line: string) => void,
): Promise<void> {
  const etcd = findEtcd(process.env);
  await checkPorts(layOut('/', options).members);
  using stop = listenForStop(say);
  await using cleanup = new AsyncDisposableStack();
  const { layout, token, temporary } = await prepareFolder(options);
  if (temporary !== undefined) {
    cleanup.defer(() => rm(temporary, { recursive: true, force: true, maxRetries: 3 }));
  }
  const run = randomUUID();
  const watchdog = startWatchdog(run, { demoFile: layout.demoFile, folder: temporary }, say);
  cleanup.defer(() => watchdog.dismiss());
  cleanup.defer(() => {
    signalMarked(run, 'SIGKILL');
  });

  const etcds = new Map<string, DemoChild>();
  const keepers = new Map<string, AgentKeeper>();
  const record = () =>
    writeDemoFile(layout, token, (name) => {
      const child = etcds.get(name);
      return {
        etcdPid: child?.running === true ? child.pid : null,
        agentPid: keepers.get(name)?.pid ?? null,
      };
    });
  record();
  cleanup.defer(record);
  let ending = false;
  const env = childEnvironment(process.env, run);
  for (const member of layout.members) {
    const child = await startChild(etcdCommand(etcd, layout, member, options.quotaBytes), member.etcdLog, env);
    cleanup.defer(() => child.stop(etcdGraceMs));
    etcds.set(member.name, child);
    void child.ended.then((how) => {
      if (!ending) {
        say(`${member.name}: etcd has ended (${how})`);
        record();
      }
    });
  }
  cleanup.defer(() => {
    ending = true;
    return stopAll([...etcds.values()].map((child) => child.stop(etcdGraceMs)));
  });
  for (const member of layout.members) {
    const keeper = keeperOf(member, options, env, record, say);
    await keeper.start();
    cleanup.defer(() => keeper.stop());
    keepers.set(member.name, keeper);
  }
  cleanup.defer(() => stopAll([...keepers.values()].map((keeper) => keeper.stop())));
  record();

  await waitForMembers(membersWith(layout, etcds), stop.signal);
  const loadEnds = new AbortController();
  const load = writeUntil(
    AbortSignal.any([stop.signal, loadEnds.signal]),
    layout.members.map(({ endpoint }) => endpoint),
  );
  cleanup.defer(() => {
    loadEnds.abort();
    return load;
  });
  const notReady = await waitForAgents(agentsWith(layout, keepers), stop.signal);
  if (stop.signal.aborted) {
    return;
  }
  const { runForMs } = options;
  const howItEnds =
    runForMs === undefined ? 'Ctrl-C stops all of it.' : `All of it stops in ${runForMs / 1000} s, or on Ctrl-C.`;
  print(welcome(layout, new Map([...etcds].map(([name, { pid }]) => [name, pid])), notReady, howItEnds));
  if (runForMs !== undefined) {
    stop.after(runForMs);
  }
  await aborted(stop.signal);
}

function keeperOf(
  member: MemberLayout,
  options: DemoOptions,
  env: NodeJS.ProcessEnv,
  changed: () => void,
  say: (line: string) => void,
): AgentKeeper {
  const settings = options.settings.flatMap((setting) => ['--set', setting]);
  return new AgentKeeper({
    command: [process.execPath, mainFile, 'agent', '--config', member.agentConfig, ...settings],
    logFile: member.agentLog,
    env,
    changed,
    ended: (how, restartInMs) =>
      say(
        `${member.name}: the agent has ended (${how}), started again in ${restartInMs / 1000} s; see ${member.agentLog}`,
      ),
  });
}

function membersWith(layout: DemoLayout, etcds: ReadonlyMap<string, DemoChild>) {
  return layout.members.flatMap((member) => {
    const etcd = etcds.get(member.name);
    return etcd === undefined ? [] : [{ layout: member, etcd }];
  });
}

function agentsWith(layout: DemoLayout, keepers: ReadonlyMap<string, AgentKeeper>) {
  return layout.members.flatMap((member) => {
    const keeper = keepers.get(member.name);
    return keeper === undefined ? [] : [{ layout: member, keeper }];
  });
}

async function stopAll(stops: readonly Promise<void>[]): Promise<void> {
  await Promise.all(stops);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
