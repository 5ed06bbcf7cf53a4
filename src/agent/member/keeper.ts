import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { BootView, OwnMemberView, ProcessEnd, ProcessState } from '../../cluster/own-member.ts';
import type { InitialCluster, StartPlan } from '../../supervise/supervisor.ts';
import { News } from '../caretaker/news.ts';
import { DamagedEnds } from './damaged-ends.ts';
import { DataWatch } from './data-watch.ts';
import type { MemberKeeperOptions } from './options.ts';
import { RestartPauses } from './restart-pauses.ts';

/**
 * Keeps the process of one member running: looks whether it runs, and where it does not, decides from what is on the disk and what others
 * say whether it is to be started. It never touches data by itself: that is for operations, and for a person. Its owner disposes of it,
 * and the process goes on.
 */
export class MemberKeeper implements AsyncDisposable {
  readonly options: MemberKeeperOptions;
  readonly #ending = new AbortController();
  readonly #news = new News();
  readonly #pauses: RestartPauses;
  readonly #data: DataWatch;
  readonly #damagedEnds = new DamagedEnds();
  readonly #stopListening: () => void;
  #process: ProcessState = { state: 'unknown', reason: 'it has not been looked at yet' };
  #quarantine: OwnMemberView['quarantine'] = [];
  #boot: BootView | undefined;
  #lastEnd: ProcessEnd | undefined;
  #differedAtMs: number | undefined;
  #restarts = 0;
  #tidiedAtMs = Number.NEGATIVE_INFINITY;
  /** Where the log of a member that runs stands is wanted as it is now. */
  #followsLog = false;
  /** Why nothing is started by itself now: an operation, or a recovery, has the member in its hands. */
  #held: string | undefined;
  /** Why nothing is started any more, by anybody: the agent's pod ends. */
  #retired: string | undefined;
  /** One at a time: a look, or what an operation asks for. */
  #turn: Promise<unknown> = Promise.resolve();
  #working: Promise<void> | undefined;

  constructor(options: MemberKeeperOptions) {
    this.options = options;
    this.#pauses = new RestartPauses(options.timing);
    this.#data = new DataWatch(options, this.#pauses);
    this.#stopListening = options.supervisor.onEnd((end) => {
      this.#lastEnd = end;
      if (end.cause === 'data-differs') this.#differedAtMs = end.atMs;
      this.#pauses.ended(performance.now());
      this.#damagedEnds.ended(end.cause, performance.now());
      options.events.log('etcd has ended', { ...end });
      this.#news.tell();
    });
  }

  /** Begins to look after the member; never rejects. */
  start(): void {
    this.#working ??= this.#work();
  }

  /** What there is to say of the member now. */
  view(): OwnMemberView {
    const { supervisor, memory, peerUrl } = this.options;
    const remembered = memory.current;
    return {
      kind: supervisor.kind,
      process: this.#process,
      dataDir: this.#data.state,
      bootstrapped: remembered !== undefined || this.#quarantine.length > 0,
      ...(memory.isBootstrapping ? { bootstrapping: true } : {}),
      ...(remembered === undefined
        ? {}
        : { identity: { clusterId: remembered.clusterId, memberId: remembered.memberId } }),
      ...(this.#boot === undefined ? {} : { boot: this.#boot }),
      ...(peerUrl === undefined ? {} : { peerUrl }),
      restarts: this.#restarts,
      vainStarts: this.#pauses.vainStarts(performance.now()),
      damagedEnds: this.#damagedEnds.inRow,
      ...(this.#differedAtMs === undefined ? {} : { differedAtMs: this.#differedAtMs }),
      quarantine: this.#quarantine,
    };
  }

  /** Looks again now: something has changed. */
  reconsider(): void {
    this.#news.tell();
  }

  /** While on, the data are read in each round also while etcd runs: without a quorum, what is to be done hangs on whose log is the newest. */
  followLog(on: boolean): void {
    this.#followsLog = on;
  }

  /** Starts nothing by itself from now on, until `release`. @param why for people */
  hold(why: string): void {
    this.#held = why;
  }

  /** Why nothing is started now, by itself or for an operation; undefined where nothing holds it. */
  get held(): string | undefined {
    return this.#held;
  }

  /** Takes up looking after the member again. */
  release(): void {
    this.#held = undefined;
    this.#news.tell();
  }

  /** Starts nothing any more, whoever asks for it. @param why for people */
  retire(why: string): void {
    this.#retired = why;
  }

  /** Does something with the member while nothing else does; afterwards it is looked at anew. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      this.#data.forget();
      this.#news.tell();
    }
  }

  /** Looks at process and data, whatever was known. Within `exclusively` alone. */
  async look(depth: 'quick' | 'full', signal: AbortSignal): Promise<OwnMemberView> {
    this.#process = await this.options.supervisor.look(signal);
    await this.#data.lookNow(this.#process, depth, signal);
    this.options.events.onChange();
    return this.view();
  }

  /** Starts the process. Within `exclusively` alone. Throws `MEMBER_RETIRED`, and as the supervisor does. */
  async startProcess(plan: StartPlan, signal: AbortSignal): Promise<void> {
    if (this.#retired !== undefined) {
      throw new AgentError('MEMBER_RETIRED', `Etcd is not started any more: ${this.#retired}.`, {
        member: this.options.name,
        remedy: 'The next agent in this place starts it.',
      });
    }
    this.options.events.log('etcd is started', { initial: plan.initial?.state });
    this.#pauses.started(performance.now());
    this.#damagedEnds.started(performance.now());
    this.#data.started();
    await this.options.supervisor.start(plan, signal);
    // One that could not even be started says nothing of its data: nobody replaces a member for it.
    this.#restarts += 1;
    this.#process = await this.options.supervisor.look(signal);
    this.options.events.onChange();
  }

  /** Ends the process. Within `exclusively` alone. */
  async stopProcess(signal: AbortSignal): Promise<void> {
    await this.options.supervisor.stop(signal);
    this.#process = await this.options.supervisor.look(signal);
    this.options.events.onChange();
  }

  /** Moves the data away. Within `exclusively` alone, with the process stopped. Gives their size. */
  async putAside(reason: string, signal: AbortSignal): Promise<number> {
    const process = await this.options.supervisor.look(signal);
    if (process.state !== 'stopped') {
      throw new AgentError('MEMBER_RUNS', 'The data of a member that may run are not moved away.', {
        member: this.options.name,
        remedy: 'Stop it first.',
      });
    }
    const aside = await this.options.putAside(reason, signal);
    if (aside !== undefined) this.options.events.log('data moved to quarantine', { reason, ...aside });
    this.#quarantine = await this.options.quarantined(signal);
    // How etcd ended with those data says nothing about the next ones.
    this.#lastEnd = undefined;
    this.#differedAtMs = undefined;
    this.#data.putAside();
    this.#damagedEnds.forget();
    this.#pauses.forget();
    await this.look('quick', signal);
    return aside?.bytes ?? 0;
  }

  /** Ends looking after the member; its process goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#stopListening();
    await this.#working;
    await this.#turn;
    await this.options.supervisor[Symbol.asyncDispose]();
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    const { timing, events } = this.options;
    while (!signal.aborted) {
      const round = (): Promise<void> => this.#round(signal);
      this.#turn = this.#turn.then(round, round).catch((error: unknown) => {
        if (!signal.aborted) events.onFault('looking after the member', error);
      });
      await this.#turn;
      const lookMs = this.#process.state === 'running' ? timing.lookMs : timing.stoppedLookMs;
      await this.#news.next(Math.min(lookMs, this.#data.goneInMs(performance.now()) ?? lookMs), signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { supervisor, timing, events } = this.options;
    const seen = (): string => JSON.stringify([this.#process, this.#data.state.state, this.#boot]);
    const before = seen();
    this.#process = await supervisor.look(signal);
    const nowMs = performance.now();
    await this.#data.look({ process: this.#process, lastEnd: this.#lastEnd }, this.#followsLog, signal);
    // Said before it is decided what is to be done here: that asks others, and may take a while.
    const found = seen();
    if (found !== before) events.onChange();
    if (nowMs - this.#tidiedAtMs >= timing.houseKeepingMs) await this.#tidy(signal);
    await this.#see(signal);
    if (seen() !== found) events.onChange();
  }

  async #tidy(signal: AbortSignal): Promise<void> {
    this.#tidiedAtMs = performance.now();
    try {
      await this.options.releaseQuarantine(signal);
      this.#quarantine = await this.options.quarantined(signal);
    } catch (error) {
      if (!signal.aborted) this.options.events.onFault('looking through the quarantine', error);
    }
  }

  /** Decides what is to be done now, and does it. */
  async #see(signal: AbortSignal): Promise<void> {
    if (this.#process.state === 'running') {
      this.#boot = undefined;
      return;
    }
    if (this.#process.state === 'unknown') {
      this.#boot = waits('PROCESS_UNKNOWN', `whether etcd runs cannot be told: ${this.#process.reason}`);
      return;
    }
    const held = this.#retired ?? this.#held;
    if (held !== undefined) {
      this.#boot = waits('HELD', held);
      return;
    }
    const pauseMs = this.#pauses.leftMs(performance.now());
    // An agent that was started again knows of the end from what its supervisor finds.
    const lastEnd = this.#lastEnd ?? (this.#data.isAfresh ? undefined : this.#process.end);
    const boot = await this.options.decide(
      {
        dataDir: this.#data.state,
        process: this.#process,
        bootstrapped: this.view().bootstrapped,
        damagedEnds: this.#damagedEnds.inRow,
        ...(lastEnd === undefined ? {} : { lastEnd }),
      },
      signal,
    );
    this.#boot = boot;
    if ((boot.action !== 'start' && boot.action !== 'bootstrap') || pauseMs > 0) return;
    const notNow = await this.options.startHeld();
    if (notNow !== undefined) {
      this.#boot = waits(notNow.code, notNow.message);
      return;
    }
    try {
      // Said before it is done: the others find data here a moment later, and have to know whose they are.
      if (boot.action === 'bootstrap') await this.options.memory.begin();
      await this.startProcess(boot.action === 'bootstrap' ? { initial: this.#newCluster() } : {}, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#pauses.ended(performance.now());
      const { code, message } = faultOf(error);
      this.#boot = waits(code, `etcd could not be started: ${message}`);
      throw error;
    }
  }

  #newCluster(): InitialCluster {
    return { state: 'new', members: this.options.planned, token: this.options.token };
  }
}

function waits(code: string, message: string): BootView {
  return { action: 'wait', reasons: [{ code, message }] };
}
