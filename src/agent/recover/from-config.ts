import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Observation } from '../../cluster/observation.ts';
import type { RecoveryEvidence, UnattendedRecovery } from '../../cluster/recovery.ts';
import type { Config } from '../../config/config.ts';
import { findBinaries } from '../../distribution/find-binaries.ts';
import { listensAt } from '../../etcd/listens-at.ts';
import {
  recoveryEnded,
  recoveryHeld,
  recoveryHeldNoMore,
  recoveryStarted,
} from '../../expose/notify/recovery-event.ts';
import type { Notifier } from '../../expose/notify.ts';
import type { LastGasp } from '../last-gasp/last-gasp.ts';
import type { MemberCare } from '../member/from-config.ts';
import { rememberedList } from '../member/remembered-list.ts';
import type { Observer } from '../observer.ts';
import { peerAgents } from '../peer-agents.ts';
import type { Expected } from './gather.ts';
import { keptMember } from './kept-member.ts';
import { RecoverParticipant } from './participant.ts';
import { pointIn } from './point.ts';
import type { RecoverAgents } from './ports.ts';
import { PromiseFile } from './promise-file.ts';
import { Recovery } from './recovery.ts';
import { Sightings } from './sightings.ts';
import { storeReach } from './store-place.ts';
import { toWire } from './wire.ts';
import { recoverWork } from './work.ts';

export interface RecoverDutyOptions {
  readonly observer: Pick<Observer, 'pool' | 'runner'>;
  readonly care: MemberCare;
  readonly lastGasp: Pick<LastGasp, 'view'> | undefined;
  readonly notifier: Pick<Notifier, 'send'>;
  readonly onChange: () => void;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** An agent's part in recoveries. Its owner disposes of it. */
export interface RecoverDuty extends AsyncDisposable {
  readonly ports: Recovery;
  /** Takes in each observation. */
  take(observation: Observation): void;
}

/** What an agent with this configuration does about a lost quorum. Throws `RECOVERY_PROMISE_UNREADABLE`. */
export async function recoverDuty(
  config: Config,
  { observer, care, lastGasp, notifier, onChange, log }: RecoverDutyOptions,
): Promise<RecoverDuty> {
  const { member, supervise, heal, cluster } = config;
  const sightings = new Sightings();
  const instance = randomUUID();
  const isAuto = heal.mode === 'auto' && heal.quorumLoss === 'auto' && config.mode === 'auto';
  const unattended: UnattendedRecovery = { mode: isAuto ? 'auto' : 'manual', afterMs: heal.quorumLossAfterMs };
  const { memory } = care.keeper.options;
  const agents = agentsOf(config, observer);
  const listed = (): RecoveryEvidence['list'] => {
    // What a member remembers by itself may be from before a replacement: it counts only where no quorum was ever heard.
    return sightings.list ?? rememberedList(memory.current) ?? sightings.unconfirmedList;
  };
  const evidence = (): Omit<RecoveryEvidence, 'promise'> => {
    const own = care.keeper.view();
    const peerUrl =
      member.peerUrl ?? memory.current?.members.find(({ id }) => id === own.identity?.memberId)?.peerUrls[0];
    const [list, gasp] = [listed(), lastGasp?.view().newest];
    const { quorum, lostAtMs, etcdVersion, revisions } = sightings;
    return {
      ...{ member: member.name, quorum, own, sightings: revisions, instance, unattended },
      ...(peerUrl === undefined ? {} : { peerUrl }),
      ...(etcdVersion === undefined ? {} : { etcdVersion }),
      ...(lostAtMs === undefined ? {} : { quorumLostAtMs: lostAtMs }),
      ...(list === undefined ? {} : { list }),
      ...(gasp === undefined ? {} : { gasp }),
    };
  };
  const binaries = () => {
    const { etcd } = supervise.child;
    return findBinaries(process.env, etcd === undefined ? undefined : dirname(etcd));
  };
  const participant = new RecoverParticipant({
    name: member.name,
    promises: await PromiseFile.open(supervise.stateDir),
    member: keptMember(care.keeper, observer.pool.own, cluster.keyPrefix),
    work: recoverWork(config, binaries),
    ...{ agents, evidence, log },
  });
  const recovery = new Recovery({
    name: member.name,
    ...{ participant, agents, sightings, log },
    expected: () => expectedOf(cluster.peers, listed(), memory.current?.agents ?? [], member.name),
    stores: (of, signal) => storeReach(config, of, signal),
    pointIn: (point, of, signal) => pointIn(point, config, of, signal),
    unattended,
    events: {
      onBegun: (plan) => notifier.send(recoveryStarted(plan, Date.now())),
      onEnded: (plan, seconds, fault) => notifier.send(recoveryEnded(plan, { atMs: Date.now(), seconds, fault })),
      onHeld: (reasons, repeated) => notifier.send(recoveryHeld(reasons, Date.now(), repeated)),
      onHeldNoMore: (reasons) => notifier.send(recoveryHeldNoMore(reasons, Date.now())),
      onChange,
    },
  });
  return {
    ports: recovery,
    take: (observation) => {
      sightings.take(observation);
      care.keeper.followLog(sightings.quorum !== 'holds');
      recovery.tick();
    },
    [Symbol.asyncDispose]: async () => {
      await recovery[Symbol.asyncDispose]();
      await participant[Symbol.asyncDispose]();
    },
  };
}

/** The configured members, those of the last list, and the own one; each with where its agent answered last. */
function expectedOf(
  peers: Config['cluster']['peers'],
  list: RecoveryEvidence['list'],
  places: readonly { readonly member: string; readonly url: string }[],
  ownName: string,
): readonly Expected[] {
  const names = new Set([
    ...peers.map(({ name }) => name),
    ...(list?.members ?? []).flatMap(({ name }) => (name === '' ? [] : name)),
    ownName,
  ]);
  return [...names].map((name) => {
    const peer = peers.find((one) => one.name === name);
    const agentUrl = peer?.agentUrl ?? places.find(({ member }) => member === name)?.url;
    const peerUrls =
      list?.members.find((one) => one.name === name)?.peerUrls ?? (peer === undefined ? [] : [peer.peerUrl]);
    return { name, peerUrls, ...(agentUrl === undefined ? {} : { agentUrl }) };
  });
}

function agentsOf(config: Config, observer: Pick<Observer, 'runner'>): RecoverAgents {
  const { tokenFile } = config.expose.auth;
  const asked = peerAgents(
    config,
    observer,
    tokenFile === undefined ? undefined : async () => (await readFile(tokenFile, 'utf8')).trim(),
  );
  return {
    get: ({ agentUrl }, path, signal) => asked.fetch(agentUrl, path, signal),
    post: ({ agentUrl }, path, body, signal) => asked.post(agentUrl, path, toWire(body), signal),
    listens: listensAt,
  };
}
