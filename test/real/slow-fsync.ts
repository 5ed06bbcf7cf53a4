import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const tracers = new Set<ChildProcess>();

process.on('exit', () => {
  for (const tracer of tracers) {
    tracer.kill('SIGKILL');
  }
});

/** A running slow-down; `stop` lets the process go on at its own speed. */
export type SlowFsync = AsyncDisposable & { stop(): Promise<void> };

/**
 * Delays every fdatasync and fsync of a running process by `delayMs`, through strace's fault injection.
 * Returns when strace is attached; throws with strace's own words when it cannot attach.
 */
export const slowFsync = async (pid: number, delayMs: number): Promise<SlowFsync> => {
  const calls = 'fdatasync,fsync';
  const tracer = spawn(
    'strace',
    [
      ...['-f', '-e', `trace=${calls}`, '-e', `inject=${calls}:delay_enter=${delayMs * 1000}`, '-e', 'signal=none'],
      ...['-p', String(pid)],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  tracers.add(tracer);
  tracer.once('exit', () => tracers.delete(tracer));
  await attached(tracer);
  const stop = async () => {
    if (tracer.exitCode !== null || tracer.signalCode !== null) {
      return;
    }
    const ended = once(tracer, 'exit');
    // SIGINT makes strace detach; a killed strace may leave the process stopped.
    tracer.kill('SIGINT');
    await ended;
  };
  return { stop, [Symbol.asyncDispose]: stop };
};

const attached = (tracer: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    tracer.once('error', (cause) => reject(new Error('strace could not be started; is it installed?', { cause })));
    tracer.once('exit', (code) => reject(new Error(`strace ended with ${code}: ${said}`)));
    tracer.stderr?.on('data', (piece: Buffer) => {
      said = (said + piece.toString()).slice(-2_000);
      if (said.includes('attached')) {
        resolve();
      }
    });
  });
