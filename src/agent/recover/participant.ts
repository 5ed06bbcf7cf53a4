import { faultOf } from '../../cluster/agent-error.ts';
import type { AgreedPlan, PromiseView, RecoveryEvidence, RecoveryStep, StepView } from '../../cluster/recovery.ts';
import type { RecoverAgents, RecoveredMember, RecoverWork } from './ports.ts';
import type { PromiseFile } from './promise-file.ts';
import { fault, refuseClone, refuseGivenBack, refuseQuorum, requireAllStopped } from './refusals.ts';
import { neededBefore } from './step-order.ts';
import { stillLost } from './still-lost.ts';

/** A promise that nobody has acted on for so long is worth nothing any more: whoever asked for it has died before its first step. */
const UNUSED_PROMISE_MS = 10 * 60_000;
/** Shorter than what agents read of each other, and of their own promise when they are started again. */
const LONGEST_DETAIL = 1000;
const HELD = 'a recovery of the lost quorum is under way (etcd-caretaker recover)';

export interface ParticipantOptions {
  /** Of the own member. */
  readonly name: string;
  readonly promises: PromiseFile;
  readonly member: RecoveredMember;
  readonly work: RecoverWork;
  readonly agents: RecoverAgents;
  /** What this agent sees, but for its promise. */
  readonly evidence: () => Omit<RecoveryEvidence, 'promise' | 'run'>;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** Wall clock, since a promise outlives the process. */
  readonly nowMs?: () => number;
}

/**
 * One agent's part in a recovery. It promises one plan at a time, on its disk, and does the steps of that one alone, each of them safe to be
 * asked for again: so any other agent can go on where the one that led has died. Its owner disposes of it.
 */
export class RecoverParticipant implements AsyncDisposable {
  readonly #options: ParticipantOptions;
  readonly #ending = new AbortController();
  #underWay: { readonly step: RecoveryStep; readonly done: Promise<void> } | undefined;
  /** One request at a time: each decides on what the one before it has written. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ParticipantOptions) {
    this.#options = options;
    // Before anybody asks it, an agent that was started again must not start what the recovery has stopped.
    if (this.#binding() !== undefined) options.member.hold(HELD);
  }

  /** What it says when it is asked. */
  evidence(): Omit<RecoveryEvidence, 'run'> {
    const promise = this.#options.promises.current;
    return { ...this.#options.evidence(), ...(promise === undefined ? {} : { promise: this.#shown(promise) }) };
  }

  /**
   * Binds itself to a plan; the same one may be asked for again. Throws `RECOVERY_QUORUM` where it sees a quorum, `RECOVERY_PROMISED`
   * where it has promised another plan that is under way, and `RECOVERY_PLAN_WRONG` where the plan does not name it, `RECOVERY_CLONED` where
   * the plan was made with another agent of this name, `RECOVERY_GIVEN_BACK` where the plan was given back here.
   */
  async prepare(plan: AgreedPlan): Promise<PromiseView> {
    return await this.#inTurn(async () => {
      const { promises, name, log } = this.#options;
      const before = promises.current;
      if (before?.planId === plan.id) return before;
      if (!plan.heard.some((one) => one.name === name) || !plan.heard.some((one) => one.name === plan.seed)) {
        throw fault('RECOVERY_PLAN_WRONG', `The plan ${plan.id} does not name ${name} and a seed among those heard.`);
      }
      refuseClone(plan, this.#options);
      refuseGivenBack(plan, this.#options);
      refuseQuorum(plan, this.#options);
      const binding = this.#binding();
      if (binding !== undefined && !this.#isUnused(binding)) {
        throw fault('RECOVERY_PROMISED', `The agent beside ${name} has promised plan ${binding.planId}.`);
      }
      const promise: PromiseView = { planId: plan.id, promisedAtMs: this.#nowMs(), plan, steps: {} };
      await promises.write(promise);
      log('promised a recovery', { plan: plan.id, kind: plan.kind, seed: plan.seed });
      return promise;
    });
  }

  /**
   * Begins a step of the promised plan, or says how far it is; one that failed is tried again. Throws `RECOVERY_NOT_PROMISED`, and
   * `RECOVERY_ORDER` where what comes before it is not done.
   */
  async step(planId: string, step: RecoveryStep): Promise<PromiseView> {
    return await this.#inTurn(async () => {
      const promise = this.#promised(planId);
      const isDone = promise.steps[step]?.state === 'done';
      if (isDone || this.#underWay?.step === step) return promise;
      const [first, before] = neededBefore(step, promise.plan.seed === this.#options.name);
      if (this.#underWay !== undefined || first === undefined) {
        throw fault('RECOVERY_ORDER', `The step ${step} is not to be made now.`);
      }
      if (before !== step && promise.steps[before]?.state !== 'done') {
        throw fault('RECOVERY_ORDER', `The step ${step} comes after ${before}, which is not done.`);
      }
      const begun = await this.#write(planId, step, { state: 'running' });
      const done = this.#make(promise.plan, step);
      this.#underWay = { step, done };
      void done.finally(() => {
        this.#underWay = undefined;
      });
      return begun;
    });
  }

  /**
   * Gives a promise back: etcd is started again with what it has, and the plan is never promised here again. Throws `RECOVERY_SEEDED` once the
   * seed may have begun.
   */
  async abandon(planId: string): Promise<void> {
    await this.#inTurn(async () => {
      const { promises, member, log } = this.#options;
      const { current } = promises;
      // One that has ended is no less seeded: whoever asks wants to know whether the others may start with their old data.
      if (current?.planId !== planId) {
        // Who cannot write cannot promise it either.
        await promises.giveBack(planId).catch(() => undefined);
        return;
      }
      const { begin, seed, 'stand-down': standDown } = current.steps;
      // Cut off in the middle of seeding nobody knows whose data are in place.
      if (begin !== undefined || standDown !== undefined || (seed !== undefined && seed.state !== 'failed')) {
        throw fault('RECOVERY_SEEDED', `The plan ${planId} has been seeded: it can only be carried to its end.`);
      }
      await this.#underWay?.done;
      await promises.giveBack(planId);
      log('recovery abandoned', { plan: planId });
      member.release();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the agent ends'));
    await this.#turn.catch(() => undefined);
    await this.#underWay?.done;
  }

  /** Never rejects. */
  async #make(plan: AgreedPlan, step: RecoveryStep): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#ending;
    let view: StepView;
    try {
      view = { state: 'done', detail: await this.#work(plan, step, signal) };
      log('step of the recovery made', { plan: plan.id, step, detail: view.detail });
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = faultOf(error);
      view = { state: 'failed', code, detail: message.slice(0, LONGEST_DETAIL) };
      log('step of the recovery failed', { plan: plan.id, step, code, detail: message });
    }
    const ends = view.state === 'done' && (step === 'begin' || step === 'stand-down');
    try {
      await this.#write(plan.id, step, view, ends ? { endedAtMs: this.#nowMs() } : {});
      if (ends) this.#options.member.release();
    } catch (error) {
      log('the recovery could not be written down', { plan: plan.id, step, error });
    }
  }

  async #work(plan: AgreedPlan, step: RecoveryStep, signal: AbortSignal): Promise<string> {
    const { member, work } = this.#options;
    switch (step) {
      case 'stop':
        refuseQuorum(plan, this.#options);
        member.hold(HELD);
        await member.stop(signal);
        return 'etcd is stopped';
      case 'keep':
        return await work.keep(signal);
      case 'seed': {
        await requireAllStopped(plan, this.#options, signal);
        await stillLost(plan, this.#options.agents, signal);
        return (await work.seed(plan, signal)).detail;
      }
      case 'begin':
        await member.start(signal);
        await member.serves({ plan, detail: this.#promised(plan.id).steps.seed?.detail ?? '' }, signal);
        return 'etcd serves as a cluster of one';
      case 'stand-down': {
        await member.stop(signal);
        const bytes = await member.putAside('recover', signal);
        return bytes === 0 ? 'there were no data' : `${bytes} bytes are in quarantine`;
      }
    }
  }

  #promised(planId: string): PromiseView {
    const { promises, name } = this.#options;
    const { current } = promises;
    if (current?.planId === planId) return current;
    throw fault('RECOVERY_NOT_PROMISED', `The agent beside ${name} has not promised plan ${planId}.`);
  }

  /** The promise that has not ended. */
  #binding(): PromiseView | undefined {
    const { current } = this.#options.promises;
    return current?.endedAtMs === undefined ? current : undefined;
  }

  #isUnused({ steps, promisedAtMs }: PromiseView): boolean {
    return Object.keys(steps).length === 0 && this.#nowMs() - promisedAtMs > UNUSED_PROMISE_MS;
  }

  /** A step that was cut off with the agent is not under way: it has to be asked for again. */
  #shown(promise: PromiseView): PromiseView {
    const steps = Object.entries(promise.steps).filter(
      ([step, { state }]) => state !== 'running' || step === this.#underWay?.step,
    );
    return { ...promise, steps: Object.fromEntries(steps) };
  }

  async #write(
    planId: string,
    step: RecoveryStep,
    view: StepView,
    ended: Pick<PromiseView, 'endedAtMs'> = {},
  ): Promise<PromiseView> {
    const promise = this.#promised(planId);
    const next = { ...promise, ...ended, steps: { ...promise.steps, [step]: view } };
    await this.#options.promises.write(next);
    return next;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }

  #nowMs(): number {
    return this.#options.nowMs?.() ?? Date.now();
  }
}
