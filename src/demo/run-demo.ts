import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { findEtcd } from '../distribution/find-binaries.ts';
import { sizeOf } from '../supervise/child/log-file.ts';
import { AgentKeeper } from './agent-keeper.ts';
import { writeDemoFile } from './demo-file.ts';
import { childEnvironment } from './environment.ts';
import { EtcdWatch } from './etcd-watch.ts';
import { prepareFolder } from './folder.ts';
import { checkPorts } from './free-ports.ts';
import { layOut, type MemberLayout } from './layout.ts';
import type { DemoOptions } from './options.ts';
import { endMarked } from './processes.ts';
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
  const etcd = { program: findEtcd(process.env), quotaBytes: options.quotaBytes };
  await checkPorts(layOut('/', options).members);
  using stop = listenForStop(say);
  await using cleanup = new AsyncDisposableStack();
  const { layout, token, temporary } = await prepareFolder(options, etcd);
  if (temporary !== undefined) {
    cleanup.defer(() => rm(temporary, { recursive: true, force: true, maxRetries: 3 }));
  }
  const run = randomUUID();
  const watchdog = startWatchdog(run, { demoFile: layout.demoFile, folder: temporary }, say);
  cleanup.defer(() => watchdog.dismiss());
  const logLengths = new Map<string, number>();
  for (const { name, etcdLog } of layout.members) logLengths.set(name, await sizeOf(etcdLog));
  const keepers = new Map<string, AgentKeeper>();
  const record = (): void =>
    writeDemoFile(layout, token, (name) => ({
      etcdPid: etcds.pidOf(name) ?? null,
      agentPid: keepers.get(name)?.pid ?? null,
    }));
  const etcds = new EtcdWatch(layout, { changed: record, say });
  record();
  cleanup.defer(async () => {
    await etcds.untilNone(etcdGraceMs);
    record();
  });
  // The agents leave their etcds running, as they do everywhere.
  cleanup.defer(() => endMarked(run, etcdGraceMs));
  const env = childEnvironment(process.env, run);
  for (const member of layout.members) {
    const keeper = keeperOf(member, options, env, record, say);
    await keeper.start();
    cleanup.defer(() => keeper.stop());
    keepers.set(member.name, keeper);
  }
  cleanup.defer(() => stopAll([...keepers.values()].map((keeper) => keeper.stop())));
  cleanup.use(etcds);
  etcds.start();
  record();

  const awaited = layout.members.flatMap((member) => {
    const keeper = keepers.get(member.name);
    if (keeper === undefined) return [];
    const logFromBytes = logLengths.get(member.name) ?? 0;
    return [{ layout: member, keeper, etcdPid: () => etcds.pidOf(member.name), logFromBytes }];
  });
  await waitForMembers(awaited, stop.signal);
  const loadEnds = new AbortController();
  const load = writeUntil(
    AbortSignal.any([stop.signal, loadEnds.signal]),
    layout.members.map(({ endpoint }) => endpoint),
  );
  cleanup.defer(() => {
    loadEnds.abort();
    return load;
  });
  const notReady = await waitForAgents(awaited, stop.signal);
  if (stop.signal.aborted) {
    return;
  }
  const { runForMs } = options;
  const howItEnds =
    runForMs === undefined ? 'Ctrl-C stops all of it.' : `All of it stops in ${runForMs / 1000} s, or on Ctrl-C.`;
  print(welcome(layout, (name) => etcds.pidOf(name), notReady, howItEnds));
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
