import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { PasswordAuth } from '../../../src/etcd/types.ts';
import { freePort } from '../../real/ports.ts';

/**
 * An etcd on a data dir that was restored for member `default` of a cluster of its own.
 * @param auth needed where authentication was on
 * @param args further ones of etcd
 */
export async function startRestored(
  etcd: string,
  dataDir: string,
  auth?: PasswordAuth,
  args: readonly string[] = [],
): Promise<AsyncDisposable & { readonly client: MemberClient }> {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const child = spawn(
    etcd,
    [
      ...['--data-dir', dataDir, '--name', 'default'],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl, '--listen-peer-urls', peerUrl],
      ...['--logger', 'zap', '--log-level', 'error', ...args],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const client = new MemberClient({ member: 'restored', endpoint: clientUrl, ...(auth === undefined ? {} : { auth }) });
  const stop = async (): Promise<void> => {
    client.close();
    child.kill('SIGKILL');
    await ended;
  };
  for (;;) {
    try {
      await client.linearizableRead();
      return { client, [Symbol.asyncDispose]: stop };
    } catch (error) {
      if (child.exitCode !== null) {
        await stop();
        throw error;
      }
      await sleep(50);
    }
  }
}
