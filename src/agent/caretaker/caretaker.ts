import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkedAbort } from '../../abort/linked-abort.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { AgentRecord, Slot } from '../../cluster/caretaking.ts';
import type { CaretakingView } from '../../cluster/caretaking-view.ts';
import type { Observation } from '../../cluster/observation.ts';
import { HeldCondition } from '../../cluster/stability.ts';
import { addHistory, historyToDrop } from '../../journal/history.ts';
import { journalKeys } from '../../journal/keys.ts';
import { JournalMirror } from '../../journal/mirror.ts';
import type { Term } from '../../journal/term.ts';
import { Leadership } from '../../lead/leadership.ts';
import { Registration } from '../../lead/registration.ts';
import { memberStatusOf } from '../../observe/member-status.ts';
import { etcdEffects } from '../../operate/etcd-effects.ts';
import { allOperations, versionsOf } from '../../operate/list.ts';
import { readLocalPause } from '../../operate/local-pause.ts';
import type { Acting } from './acting.ts';
import { askedAgents } from './asked-agents.ts';
import { Errands } from './errands.ts';
import { leaderRound } from './leader-round.ts';
import { Ledger } from './ledger.ts';
import { isFit, isFull, refusedId } from './member-fitness.ts';
import { News } from './news.ts';
import { leaderlessRound } from './nospace-round.ts';
import { NudgeBudget } from './nudge-budget.ts';
import type { CaretakerOptions } from './options.ts';
import { isRecovering } from './recovery-under-way.ts';
import { StateSource } from './state-source.ts';
import { viewOf } from './view.ts';

/** A round is made at the latest so long after the last one, though nothing has changed. */
const IDLE_MS = 10_000;

/** Nobody has led for so long that nobody else wants to: longer than any `lead.ttl` by default. */
const UNWANTED_SECONDS = 15;

/** A leader whose own member has not been fit for so long gives leadership up: it may hold its lease through another member. */
const UNFIT_SECONDS = 2;

/** A timer may fire a moment before its time. */
const AFTER_MS = 50;

/** So long after a round that failed nothing is tried, whatever changes. */
const AFTER_FAILURE_MS = 2000;

/** The part of a running agent that acts, from when its member is known to its clean end. */
export interface Caretaker {
  readonly acting: Acting;
  /** What is to be seen of it now. */
  view(): CaretakingView;
  /** Takes in a new observation. */
  take(observation: Observation): void;
  /** What this agent knows of the process and the data of its member has changed. */
  ownChanged(): void;
  /** Somebody says that there is something to look at. Whether this agent leads, and looks now. */
  nudge(): boolean;
  /** Ends the operation under way before its next step, and hands leadership over at once. */
  close(): Promise<void>;
}

/**
 * Begins to act beside the member with this id: registers, follows the journal, campaigns, and while it leads decides and
 * operates. Whoever starts it closes it.
 */
export function startCaretaker(options: CaretakerOptions, memberId: string): Caretaker {
  const { client, events } = options;
  const keys = journalKeys(options.keyPrefix);
  const mirror = new JournalMirror(client, keys);
  const news = new News();
  const ledger = new Ledger();
  const ending = new AbortController();
  let term: Term | undefined;
  let ledSinceMs = 0;
  let localPause: string | undefined;
  const leaderless = new HeldCondition();
  const unfit = new HeldCondition();
  const nudges = new NudgeBudget();
  let requestsSeen: ReadonlyMap<string, number> = new Map();
  /** The recovery from NOSPACE that this agent carries out, which stands in no slot. */
  let recovering: Slot | undefined;

  const effects = etcdEffects({
    own: client,
    clientOf: (id) => options.clientAt(clientUrlOf(options.observation(), id)),
    keys,
    statusOf: memberStatusOf,
    metricsPage: (id, families, signal) =>
      options.metricsPageAt(clientUrlOf(options.observation(), id), id, families, signal),
    readTimeoutMs: options.readTimeoutMs,
  });
  const parts = { effects: options.wrapEffects?.(effects) ?? effects, timing: options.timing };
  const operations = allOperations({
    ...parts,
    withoutSpare: options.settings.defrag.withoutSpare,
    restartWithoutSpare: options.settings.restart.withoutSpare,
    backups: options.snapshots ?? { takeSnapshot: () => Promise.reject(noBackups(options.member)) },
    agents: askedAgents(mirror, options.timing),
    ...(options.pods === undefined ? {} : { pods: options.pods }),
  });
  const ownOperations = versionsOf(operations);
  const record: AgentRecord = {
    memberId,
    member: options.member,
    instance: randomUUID(),
    ...(options.url === undefined ? {} : { url: options.url }),
    version: options.version,
    operations: ownOperations,
    role: options.role,
    ...(options.candidate === undefined ? {} : { candidate: options.candidate }),
    startedAtMs: Date.now(),
  };
  const registration = new Registration({
    client,
    keys,
    mirror,
    record,
    ttlSeconds: Math.ceil(options.ttlMs / 1000),
  });
  /** Its own agent knows that the member has ended before a round of observation finds it so. */
  const isDown = (): boolean => options.own?.().process.state === 'stopped';
  /** To be called with each change of what it hangs on. */
  const judgeFitness = (): void => {
    const unfitSeconds = unfit.look(isDown() || !isFit(options.observation()), performance.now());
    if (term !== undefined && unfitSeconds > UNFIT_SECONDS) void leadership.resign();
    leadership.reconsider();
  };
  /** For how long nobody has led, as this agent saw it; to be called with each change, so that a change of it is seen. */
  const leaderlessSeconds = (): number =>
    leaderless.look(mirror.snapshot.connected && mirror.snapshot.leaderRevision === 0n, performance.now());
  const leadership = new Leadership({
    client,
    keys,
    mirror,
    registration,
    eligible: () =>
      isFit(options.observation()) &&
      !isDown() &&
      // Only where nobody else wants to: whoever may not ask for its member's status can do nothing but say so.
      (refusedId(options.observation()) === undefined || leaderlessSeconds() > UNWANTED_SECONDS) &&
      !isRecovering(mirror.snapshot, { memberId, ttlMs: options.ttlMs, recovering }),
    onTerm: (begun) => {
      term = begun;
      ledSinceMs = performance.now();
      events.onLeading(true, begun.epoch);
      options.onTerm?.(begun);
      news.tell();
    },
    onLost: (lost) => {
      term = undefined;
      ledger.forget();
      events.onLeading(false, lost.epoch);
      events.onChange();
    },
  });
  const source = new StateSource({
    ...{ caretaker: options, mirror, memberId, ownOperations },
    complete: (history) => ledger.complete(history),
    ended: () => ledger.endedAtMonotonicMs,
    epoch: () => term?.epoch,
  });
  const errands = new Errands({
    ...{ client, keys, mirror, registration },
    localPause: () => readLocalPause(options.pauseFile, Date.now()),
    errands: options.errands ?? {},
    onFault: events.onFault,
  });
  const acting: Acting = {
    ...{ options, keys, mirror, registration, source, operations, parts, unwritten: [] },
    runParts: () => ({
      observe: (signal) => source.observe(signal),
      localPause: () => readLocalPause(options.pauseFile, Date.now()),
      log: events.log,
      onStep: events.onStep,
    }),
    ledForMs: () => performance.now() - ledSinceMs,
    requestSeenMs: (id) => requestsSeen.get(id) ?? performance.now(),
    recovering: (slot) => {
      recovering = slot;
      events.onChange();
    },
    decided: (decisions, judged) => {
      ledger.decided(decisions, judged);
      events.onDecisions(decisions);
      events.onChange();
    },
    ended: (entry) => {
      ledger.ended(entry);
      events.onEnded(entry);
      events.onChange();
    },
  };

  const stopFollowing = mirror.onChange(({ requests }) => {
    const nowMs = performance.now();
    leaderlessSeconds();
    requestsSeen = new Map(requests.map(({ id }) => [id, requestsSeen.get(id) ?? nowMs]));
    events.onChange();
    news.tell();
  });
  const work = async (): Promise<void> => {
    let nextMs: number | undefined;
    while (!ending.signal.aborted) {
      await news.next(Math.min(nextMs ?? IDLE_MS, IDLE_MS), ending.signal);
      if (ending.signal.aborted) return;
      nextMs = undefined;
      const failed = await round(acting, term, ending.signal).then(
        (lookAgainMs) => {
          nextMs = lookAgainMs;
        },
        (error: unknown) => error,
      );
      if (failed !== undefined && !ending.signal.aborted) {
        events.onFault('deciding and operating', failed);
        await new News().next(AFTER_FAILURE_MS, ending.signal);
      }
    }
  };
  mirror.start();
  registration.start();
  leadership.start();
  const working = work();

  return {
    acting,
    view: () => {
      const view = viewOf({ mirror, registration, leadership, source, localPause }, term, ledger.view());
      const slot = view.slot ?? recovering;
      return { ...view, ...(slot === undefined ? {} : { slot }), history: ledger.complete(view.history) };
    },
    take: (observation) => {
      source.take(observation);
      judgeFitness();
      void readLocalPause(options.pauseFile, Date.now()).then((paused) => {
        if (paused !== localPause) events.onChange();
        localPause = paused;
      });
      news.tell();
    },
    ownChanged: () => {
      judgeFitness();
      if (!isDown()) return;
      // Nothing else may change until then.
      sleep(UNFIT_SECONDS * 1000 + AFTER_MS, undefined, { signal: ending.signal }).then(judgeFitness, () => undefined);
    },
    nudge: () => {
      const heeded = term !== undefined && nudges.take(performance.now());
      if (heeded) news.tell();
      return heeded;
    },
    close: async () => {
      ending.abort();
      stopFollowing();
      await errands[Symbol.asyncDispose]();
      await working;
      await leadership.close();
      await registration.close();
      await mirror.close();
    },
  };
}

/** Leads or does not, the round ends with the term. Gives when to look again, as `leaderRound` does. */
async function round(acting: Acting, term: Term | undefined, signal: AbortSignal): Promise<number | undefined> {
  await writeUnwritten(acting, signal);
  if (term === undefined) {
    if (isFull(acting.options.observation())) await leaderlessRound(acting, signal);
    return undefined;
  }
  const link = linkedAbort([signal, term.lost]);
  try {
    return await leaderRound(acting, term, link.signal);
  } catch (error) {
    if (!link.signal.aborted) throw error;
    return undefined;
  } finally {
    link.release();
  }
}

/** The audit of what people said while etcd was full. */
async function writeUnwritten({ unwritten, mirror, keys, options }: Acting, signal: AbortSignal): Promise<void> {
  if (isFull(options.observation())) return;
  for (let entry = unwritten[0]; entry !== undefined; entry = unwritten[0]) {
    const dropped = historyToDrop(mirror.snapshot.history);
    // What else is to be done does not wait for it: the next round tries again.
    const failed = await addHistory(options.client, keys, entry, dropped, signal).catch((error: unknown) => error);
    if (failed !== undefined) {
      options.events.onFault('writing down what was said', failed);
      return;
    }
    unwritten.shift();
  }
}

function noBackups(member: string): AgentError {
  return new AgentError('BACKUP_NOT_RUNNING', `The agent of ${member} backs nothing up.`, {
    remedy: 'Set backup.store for all agents; with mode: plan none of them backs up.',
  });
}

function clientUrlOf({ sections }: Observation, memberId: string): string {
  const member = sections.cluster?.value?.members.find(({ id }) => id === memberId);
  const url = member?.clientUrls[0];
  if (url !== undefined) return url;
  throw new AgentError('MEMBER_HAS_NO_URL', `The member ${memberId} is not listed, or advertises no client URL.`, {
    member: memberId,
    remedy: 'Look at the member list; a member that was never started has none yet.',
  });
}
