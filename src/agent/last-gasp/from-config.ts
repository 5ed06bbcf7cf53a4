import type { Config } from '../../config/config.ts';
import { lastGaspFailed, lastGaspKept } from '../../expose/notify/event.ts';
import type { Notifier } from '../../expose/notify.ts';
import type { Observer } from '../observer.ts';
import { LastGasp } from './last-gasp.ts';
import type { LastGaspEvents } from './options.ts';

/** What keeps last gasps for an agent with this configuration; undefined where it is to keep none. Its owner disposes of it. */
export function lastGaspDuty(
  config: Config,
  { pool }: Pick<Observer, 'pool'>,
  notifier: Pick<Notifier, 'send'>,
  events: Omit<LastGaspEvents, 'onKept' | 'onFailed'>,
): LastGasp | undefined {
  const { backup, cluster, member, mode, observe } = config;
  const { dir, keep, afterMs } = backup.lastGasp;
  if (mode === 'plan' || backup.lastGasp.mode !== 'auto') return undefined;
  return new LastGasp({
    place: { dir, owner: { clusterName: cluster.name, member: member.name }, keep },
    afterMs,
    intervalMs: observe.intervalMs,
    dataDir: member.dataDir,
    walDir: member.walDir,
    underAuth: cluster.auth.username !== undefined,
    client: pool.own,
    events: {
      ...events,
      onKept: (gasp) => notifier.send(lastGaspKept(gasp, member.name, Date.now())),
      onFailed: (error) => notifier.send(lastGaspFailed(error, member.name, Date.now())),
    },
  });
}
