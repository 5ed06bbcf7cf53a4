import { faultOf } from '../cluster/agent-error.ts';
import { createLog, type Log } from '../expose/log.ts';
import { actingLog } from './acting-log.ts';
import { startAgent } from './agent.ts';
import type { AgentPlan } from './agent-plan.ts';
import { registerSecrets, secretTexts } from './known-secrets.ts';
import { Releasers } from './releasers.ts';
import { prepareSocketFolder } from './socket-folder.ts';
import { StateLog } from './state-log.ts';
import { agentVersion } from './version.ts';

/** How long one resource may take to let go at the end. */
const releaseTimeoutMs = 5000;

/**
 * Runs the agent until SIGTERM or SIGINT, and releases everything that it opened, whatever happened.
 * @throws what `startAgent` throws when it cannot start; an uncaught error while it runs
 */
export async function runAgent(plan: AgentPlan): Promise<void> {
  const { member, cluster, log: settings } = plan.config;
  const log = createLog({ level: settings.level, base: { member: member.name, cluster: cluster.name } });
  const secretFiles = secretTexts(plan.config);
  await registerSecrets(secretFiles, log.addSecret);
  const stateLog = new StateLog(log);
  const releasers = new Releasers();
  const end = endOfProcess();
  try {
    const { server, endPod } = await startAgent(
      plan.config,
      {
        ...(await usableSocket(plan, log)),
        events: {
          onFault: (collector, fault) => log.fault({ collector }, fault),
          onObservation: (observation) => {
            stateLog.take(observation);
            void registerSecrets(secretFiles, log.addSecret);
          },
          onRecovery: (collector) => log.resolved({ collector }),
          onReload: (what, error) =>
            error === undefined ? log.info(`${what} read again`) : log.error(`${what} not read again`, { error }),
          onFailure: (what, error) => log.error('failed', { what, error }),
          acting: actingLog(log),
          onNotifyFault: (receiver, fault) =>
            log.fault({ collector: `notify ${receiver.kind} ${receiver.host}` }, fault),
          onNotifyRecovery: (receiver) => log.resolved({ collector: `notify ${receiver.kind} ${receiver.host}` }),
        },
      },
      releasers,
    );
    const { host, port } = server.address;
    log.info('agent started', { version: agentVersion(), pid: process.pid, listen: `${host}:${port}` });
    const reason = await end.promise;
    log.info('agent stopping', { reason });
    await endPod();
  } finally {
    let diskHangs = false;
    await releasers.releaseAll({
      timeoutMs: releaseTimeoutMs,
      onFault: (what, error) => {
        diskHangs ||= faultOf(error).code === 'DISK_HUNG';
        log.error('not released', { what, error });
      },
    });
    // Until here a second signal changes nothing: npm and a terminal both send one at Ctrl-C.
    end.release();
    log.info('agent stopped');
    if (diskHangs) {
      // A thread that waits for a disk also keeps a process from ending by itself.
      process.kill(process.pid, 'SIGKILL');
    }
  }
}

/** The signal that ends the agent; rejects with an error that nobody caught, since what it left behind is not known. */
function endOfProcess(): { readonly promise: Promise<string>; release(): void } {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const onSignal = (signal: string): void => resolve(signal);
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) {
    process.on(signal, onSignal);
  }
  process.on('uncaughtException', reject);
  process.on('unhandledRejection', reject);
  promise.catch(() => undefined);
  return {
    promise,
    release: () => {
      for (const signal of signals) {
        process.off(signal, onSignal);
      }
      process.off('uncaughtException', reject);
      process.off('unhandledRejection', reject);
    },
  };
}

/**
 * The socket is a convenience where its path was derived: an agent whose runtime folder cannot be written goes without.
 * A socket that somebody asked for has to be there.
 */
async function usableSocket(plan: AgentPlan, log: Log): Promise<{ readonly socketPath?: string }> {
  const socketPath = plan.config.expose.socket;
  try {
    await prepareSocketFolder(socketPath, { make: !plan.socketRequired });
    return { socketPath };
  } catch (error) {
    if (plan.socketRequired) {
      throw error;
    }
    log.warn('no Unix socket', { ...faultOf(error) });
    return {};
  }
}
