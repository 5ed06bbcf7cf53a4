import type { Fault, Observation, SectionName } from '../cluster/observation.ts';
import type { Config } from '../config/config.ts';
import type { NotifyEvent } from '../expose/notify/event.ts';
import type { ReceiverName } from '../expose/notify/receiver.ts';
import { createNotifier, type Notifier } from '../expose/notify.ts';
import { createRegistry } from '../expose/registry.ts';
import { type HttpServer, startServer } from '../expose/server.ts';
import type { Term } from '../journal/term.ts';
import { notifying } from './acting-notify.ts';
import { askedErrands } from './asked-errands.ts';
import { differingMembers } from './backup/differing-members.ts';
import { backupDuty } from './backup/from-config.ts';
import { backupPointsOf } from './backup/points/from-config.ts';
import { unprotectedSeconds } from './backup/unprotected-seconds.ts';
import { besideObserver } from './caretaker/beside-observer.ts';
import { agentUrl, caretakerOptions } from './caretaker/from-config.ts';
import type { CaretakerEvents, CaretakerOptions } from './caretaker/options.ts';
import { Diagnostician } from './diagnosis/diagnostician.ts';
import { sweepDrills } from './drill/drill-folder.ts';
import { lastGaspDuty } from './last-gasp/from-config.ts';
import { liveOf } from './live/from-config.ts';
import { memberCareOf } from './member/from-config.ts';
import { nudgerOf } from './member/nudging.ts';
import { buildObserver } from './observer.ts';
import { recoverDuty } from './recover/from-config.ts';
import type { Releasers } from './releasers.ts';
import { type PodCare, podCareOf } from './statefulset/from-config.ts';

/** What the agent tells as it happens; the log writes it down. */
export interface AgentEvents {
  readonly onFault: (collector: SectionName, fault: Fault) => void;
  readonly onRecovery: (collector: SectionName) => void;
  readonly onObservation?: (observation: Observation) => void;
  readonly onReload: (what: 'tls' | 'token', error: Error | undefined) => void;
  readonly onFailure: (what: string, error: unknown) => void;
  readonly acting: CaretakerEvents;
  readonly onNotifyFault: (receiver: ReceiverName, fault: Fault) => void;
  readonly onNotifyRecovery: (receiver: ReceiverName) => void;
}

/** For tests alone: what stands between the part that acts and etcd. */
export interface AgentWraps extends Pick<CaretakerOptions, 'wrapEffects'> {
  /** Wraps the own member's client: the journal is written through it. */
  readonly wrapClient?: (client: CaretakerOptions['client']) => CaretakerOptions['client'];
}

/** What an agent is started with besides its configuration. */
export interface StartOptions extends AgentWraps {
  readonly events: AgentEvents;
  readonly socketPath?: string;
}

/** A running agent. */
export interface Agent {
  readonly observation: () => Observation;
  readonly server: HttpServer;
  /**
   * What is to be done before it is released because its pod ends; elsewhere nothing, since the process of etcd goes on. Never rejects.
   */
  readonly endPod: () => Promise<void>;
}

/** An observation older than this many intervals is no longer one: `/readyz` says so. */
const staleAfterIntervals = 6;

/**
 * Builds the agent from its configuration and starts it. Whatever it opens goes onto the stack of releasers as it is
 * opened, so a failure half way leaves nothing behind: the caller releases in any case.
 *
 * The order matters: collectors first, the server last, so that what is answered has something behind it.
 */
export async function startAgent(config: Config, options: StartOptions, releasers: Releasers): Promise<Agent> {
  const { events, socketPath, wrapEffects, wrapClient } = options;
  const diagnostician = new Diagnostician();
  const observer = await buildObserver(config, {
    ...events,
    onObservation: (observation) => {
      memberCare?.take(observation);
      recovery?.take(observation);
      caretaking.take(observation);
      lastGasp?.take(observation);
      diagnostician.take(caretaking.observation());
      caretaking.changed();
      live.take(caretaking.observation());
      events.onObservation?.(caretaking.observation());
    },
  });
  const { runner } = observer;
  releasers.push('observer', observer.close);
  const notifier = createNotifier({
    cluster: config.cluster.name,
    member: config.member.name,
    ...config.notify,
    onFault: (receiver, fault) => events.onNotifyFault(receiver, fault),
    onRecovery: (receiver) => events.onNotifyRecovery(receiver),
  });
  releasers.push('notifications', () => notifier.close());
  let tellPods: (event: NotifyEvent) => void = () => undefined;
  const told: Pick<Notifier, 'send'> = {
    send: (event) => {
      notifier.send(event);
      tellPods(event);
    },
  };
  const lastGasp = lastGaspDuty(config, observer, told, {
    ...events.acting,
    onChange: () => caretaking.changed(),
  });
  releasers.push('last gasp', async () => lastGasp?.[Symbol.asyncDispose]());
  void sweepDrills(config.backup, events.acting.log);
  let url: string | undefined;
  const backups = backupDuty(config, observer, {
    ...events.acting,
    differing: () => differingMembers(caretaking.observation()),
    // What is to be seen of it is a part of what is to be seen of acting.
    onChange: () => caretaking.changed(),
  });
  // Ended after the caretaker, so that no term begins any more.
  releasers.push('backups', async () => backups?.[Symbol.asyncDispose]());
  const memberCare = await memberCareOf(config, observer, {
    ...events.acting,
    onChange: () => {
      caretaking.ownChanged();
      nudger?.look();
    },
  });
  // Its owner lets go of etcd, which goes on. After the caretaker, whose operations need it.
  releasers.push('member', async () => memberCare?.[Symbol.asyncDispose]());
  const recovery =
    memberCare === undefined
      ? undefined
      : await recoverDuty(config, {
          ...{ observer, care: memberCare, lastGasp, notifier: told, log: events.acting.log },
          onChange: () => caretaking.changed(),
        });
  releasers.push('recovery', async () => recovery?.[Symbol.asyncDispose]());
  const live = liveOf(config, {
    observer,
    observation: () => caretaking.observation(),
    caretaking: () => caretaking.ports,
  });
  releasers.push('live', () => live.close());
  const client = memberCare === undefined ? observer.pool.own : memberCare.client;
  const caretaking = besideObserver({
    observed: () => runner.observation,
    notifyCounts: () => notifier.counts(),
    onChange: () => live.changed(),
    options: () => {
      const acting: CaretakerEvents = {
        ...events.acting,
        onEnded: (entry) => {
          backups?.ended(entry);
          events.acting.onEnded(entry);
        },
      };
      const made = caretakerOptions(config, { observer, url, events: notifying(acting, told, observation) });
      return {
        ...made,
        client: wrapClient?.(client) ?? client,
        ...(memberCare === undefined ? {} : { own: () => memberCare.keeper.view() }),
        ...(backups === undefined
          ? {}
          : {
              onTerm: (term: Term) => backups.begin(term),
              durableRevision: () => backups.durableRevision(),
              backupTrouble: () => backups.trouble(),
              unprotectedSeconds: () => unprotectedSeconds(backups.view()),
              snapshots: backups,
            }),
        errands: askedErrands(config, made.client, memberCare),
        ...podSetOptions(podCare),
        ...(wrapEffects === undefined ? {} : { wrapEffects }),
      };
    },
    besides: () => ({
      ...diagnostician.part(),
      ...(backups === undefined ? {} : { backups: backups.view() }),
      ...(lastGasp === undefined ? {} : { lastGasp: lastGasp.view() }),
      ...(memberCare === undefined ? {} : { own: memberCare.keeper.view() }),
      ...(recovery === undefined ? {} : { recovery: recovery.ports.view() }),
    }),
    ...(memberCare === undefined ? {} : { seat: () => memberCare.seat() }),
  });
  releasers.push('caretaker', () => caretaking.close());
  const { observation } = caretaking;
  const nudger =
    memberCare === undefined
      ? undefined
      : nudgerOf(config, {
          observer,
          own: () => memberCare.keeper.view(),
          agents: () => observation().caretaking?.agents ?? [],
          self: () => caretaking.nudge(),
        });
  releasers.push('nudges', async () => nudger?.[Symbol.asyncDispose]());
  const podCare = await podCareOf(config, memberCare?.keeper, {
    observation,
    request: caretaking.ports.request,
    ...events.acting,
  });
  releasers.push('StatefulSet', async () => podCare[Symbol.asyncDispose]());
  tellPods = podCare.tell;
  const points = backupPointsOf(config, () => backups?.view().timeline);
  releasers.push('backup points', async () => points?.close());
  const registry = createRegistry({
    observation,
    onError: (metric, error) => events.onFailure(`metric ${metric}`, error),
  });
  const { listen, advertise, tls, auth } = config.expose;
  const { cert, key, clientCa } = tls;
  const server = await startServer({
    listen,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(advertise === undefined ? {} : { advertise }),
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert, key, ...(clientCa === undefined ? {} : { clientCa }) } }),
    ...(auth.tokenFile === undefined ? {} : { tokenFile: auth.tokenFile }),
    ...(auth.readTokenFile === undefined ? {} : { readTokenFile: auth.readTokenFile }),
    observation,
    caretaking: caretaking.ports,
    live,
    ...(recovery === undefined ? {} : { recovery: recovery.ports }),
    ...(points === undefined ? {} : { backupPoints: () => points.read() }),
    registry,
    staleAfterMs: staleAfterIntervals * config.observe.intervalMs,
    onReload: events.onReload,
    onListenerError: (where, error) => events.onFailure(`listener ${where}`, error),
    onFailure: ({ id, method, path, error }) => events.onFailure(`${method} ${path} (${id})`, error),
  });
  releasers.push('HTTP server', () => server.close());
  url = agentUrl(config, server.address);
  runner.start();
  memberCare?.start();
  nudger?.start();
  podCare.start();
  return { observation, server, endPod: podCare.end };
}

/** What the caretaker has to know of the StatefulSet of its own pod, and to change it. */
function podSetOptions({ pods }: PodCare): Pick<CaretakerOptions, 'podSet' | 'pods'> {
  return pods === undefined ? {} : { podSet: () => pods.view, pods: pods.port };
}
