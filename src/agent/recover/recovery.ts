import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';
import type { AgreedPlan, PromiseView, RecoveryEvidence, RecoveryPlan } from '../../cluster/recovery.ts';
import { recoverySteps } from '../../cluster/recovery.ts';
import type { RecoveryView } from '../../cluster/recovery-view.ts';
import { clones, settingsThatDiffer, unattendedAfterMs } from '../../decide/recover/doubts.ts';
import { goBackPlan } from '../../decide/recover/go-back-plan.ts';
import { recoverPlan } from '../../decide/recover/recover-plan.ts';
import { withoutPerson } from '../../decide/recover/without-person.ts';
import type { RecoveryPorts, RecoveryReply, RecoveryRun, RecoveryWish } from '../../expose/recovery-ports.ts';
import { coordinate, type RecoverProgress } from './coordinator.ts';
import { agreedPlan, clusterIdOf, type Gathered, gather } from './gather.ts';
import type { RecoveryOptions } from './recovery-options.ts';
import { RecoveryStanding } from './standing.ts';
import { Standstill } from './standstill.ts';
import { planFrom } from './wire.ts';

/** Between two looks whether it is time. */
const AUTO_EVERY_MS = 2000;
/** After one that this agent has led has failed: it is gone on with only then. */
const STUCK_AGAIN_MS = 60_000;
/** After a recovery that failed, before it is tried again without a person: each one stops every etcd. */
const AFTER_FAILURE_MS = 5 * 60_000;
/** Before it is time all are heard so often, and while all is well: what would be in the way is said before it is needed. */
const FORESEE_EVERY_MS = 10_000;
const CHECK_EVERY_MS = 60_000;

/** The recovery of a lost quorum as one agent sees it and may lead it. Its owner disposes of it, and of the participant after it. */
export class Recovery implements RecoveryPorts, AsyncDisposable {
  readonly #options: RecoveryOptions;
  readonly #standing: RecoveryStanding;
  readonly #ending = new AbortController();
  #run: RecoveryRun | undefined;
  #running: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  /** When one that was led here has failed, whyever. */
  #stuckAtMs = Number.NEGATIVE_INFINITY;
  readonly #standstill = new Standstill();

  constructor(options: RecoveryOptions) {
    this.#options = options;
    const { unattended, events, sightings, participant } = options;
    const promise = (): PromiseView | undefined => participant.evidence().promise;
    this.#standing = new RecoveryStanding({ unattended, events, sightings, promise });
  }

  /** How this agent stands to a lost quorum. */
  view(): RecoveryView {
    return this.#standing.view();
  }

  evidence(): RecoveryReply {
    const evidence = this.#options.participant.evidence();
    return this.#run === undefined ? evidence : { ...evidence, run: this.#run };
  }

  async plan(wish: RecoveryWish, signal: AbortSignal): Promise<RecoveryPlan> {
    return (await this.#gathered(wish, signal)).plan;
  }

  async run(wish: RecoveryWish, signal: AbortSignal): Promise<{ readonly planId: string }> {
    this.#refuseSecond();
    const { plan, gathered } = await this.#gathered(wish, signal);
    const promised = promisedIn(gathered);
    if (promised !== undefined) return this.#begin(promised);
    if (plan.kind !== 'seed-from-member' && plan.kind !== 'seed-from-store') {
      if (wish.goBack === undefined && plan.kind !== 'none-needed') this.#options.events.onHeld(plan.reasons, false);
      const why = plan.reasons.map(({ message }) => message).join('; ');
      throw new AgentError('RECOVERY_HELD', `There is nothing that may be done (${plan.kind}): ${why}.`, {
        remedy: 'Look at `etcd-caretaker recover` without --apply.',
      });
    }
    return this.#begin(agreedPlan(plan, gathered, Date.now()));
  }

  async prepare(plan: unknown): Promise<void> {
    await this.#options.participant.prepare(planFrom(plan));
  }

  async step(planId: string, step: string): Promise<void> {
    const known = recoverySteps.find((one) => one === step);
    if (known === undefined) throw new AgentError('RECOVERY_PLAN_WRONG', `There is no step ${step} of a recovery.`);
    await this.#options.participant.step(planId, known);
  }

  async abandon(planId: string): Promise<void> {
    await this.#options.participant.abandon(planId);
  }

  /**
   * Looks whether it is time to recover without a person, or to go on for an agent that died, and what is in the way; after each observation.
   * Never throws.
   */
  tick(): void {
    const { unattended, sightings, log } = this.#options;
    const nowMs = performance.now();
    if (this.#ending.signal.aborted || this.#looking !== undefined || this.#running !== undefined) return;
    const lostForMs = sightings.lostForMs(nowMs);
    if (lostForMs === 0) this.#standing.held([], false);
    const isAuto = unattended.mode === 'auto';
    // One that is promised still has stopped them already: nothing is gained by waiting longer.
    const isStuck =
      this.#standstill.look(this.#options.participant.evidence().promise, nowMs) &&
      nowMs - this.#stuckAtMs >= STUCK_AGAIN_MS;
    const isDue = isAuto && lostForMs >= unattended.afterMs;
    const everyMs =
      isStuck || isDue ? AUTO_EVERY_MS : isAuto && lostForMs >= FORESEE_EVERY_MS ? FORESEE_EVERY_MS : CHECK_EVERY_MS;
    // A plan that is carried out is looked at by whoever leads it.
    if (everyMs === CHECK_EVERY_MS && isOpen(this.#options.participant.evidence().promise)) return;
    if (nowMs - this.#lookedAtMs < everyMs) return;
    this.#lookedAtMs = nowMs;
    this.#looking = (everyMs === CHECK_EVERY_MS ? this.#check() : this.#lead(isStuck, isDue))
      .catch((error: unknown) => {
        if (!this.#ending.signal.aborted) log('the recovery could not be begun', { ...faultOf(error) });
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the agent ends'));
    await this.#looking;
    await this.#running;
  }

  /** Hears all agents while all is well: what is wrong with them is said before they are needed. */
  async #check(): Promise<void> {
    const { participant, agents, expected } = this.#options;
    this.#doubt(await gather(expected(), participant.evidence(), agents, this.#ending.signal));
  }

  /**
   * The first by name of all that are heard leads, so that not all of them do; once a plan is promised, of those that have not done their
   * part of it, since whoever has does not see that it stands still.
   */
  async #lead(isStuck: boolean, isDue: boolean): Promise<void> {
    const { name, sightings, unattended } = this.#options;
    const { plan, gathered } = await this.#gathered({ lost: [] }, this.#ending.signal);
    const promised = promisedIn(gathered);
    const [first] = gathered
      .filter(({ evidence }) => (promised === undefined ? evidence !== undefined : isOpen(evidence?.promise)))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const leads = first?.name === name;
    if (promised !== undefined) {
      this.#standing.held([], false);
      const isLed = gathered.some(
        ({ evidence }) => evidence?.run?.planId === promised.id && evidence.run.outcome === 'running',
      );
      if (leads && isStuck && (!isLed || this.#standstill.isLong(performance.now()))) {
        this.#begin(promised);
      }
      return;
    }
    if (unattended.mode === 'manual') return;
    const triedAgainInMs = AFTER_FAILURE_MS - (performance.now() - this.#failedAtMs);
    const { agreed, reasons } = withoutPerson(plan, gathered, triedAgainInMs);
    this.#standing.held(reasons, leads && isDue);
    const afterMs = unattendedAfterMs(gathered, unattended.afterMs);
    if (!leads || !isDue || agreed === undefined || afterMs === undefined) return;
    if (sightings.lostForMs() >= afterMs) this.#begin(agreedPlan(agreed, gathered, Date.now()));
  }

  #doubt(gathered: readonly Gathered[]): void {
    this.#standing.doubt([...clones(gathered), ...settingsThatDiffer(gathered)]);
  }

  #begin(plan: AgreedPlan): { readonly planId: string } {
    this.#refuseSecond();
    const { agents, log } = this.#options;
    const { revisions, seconds, basis } = plan.bound;
    // Where nobody can say for how long nobody looked, the revisions alone are no bound.
    const atMost = seconds === undefined ? {} : { atMostRevisions: String(revisions), atMostSeconds: seconds };
    const begunMs = performance.now();
    const ended = (fault?: Fault): void => this.#standing.ended(plan, (performance.now() - begunMs) / 1000, fault);
    this.#standing.begun(plan);
    log('recovery begun', { plan: plan.id, kind: plan.kind, seed: plan.seed, ...atMost, basis });
    const progress: RecoverProgress[] = [];
    const tell = (more: Partial<RecoveryRun> = {}): void => {
      this.#run = { planId: plan.id, plan, progress: [...progress], outcome: 'running', ...more };
    };
    tell();
    const onProgress = (one: RecoverProgress): void => {
      progress.push(one);
      tell();
    };
    this.#running = coordinate(plan, { agents, onProgress }, this.#ending.signal)
      .then(
        () => {
          tell({ outcome: 'succeeded' });
          log('recovery carried out', { plan: plan.id });
          ended();
        },
        (error: unknown) => {
          const fault = faultOf(error);
          tell({ outcome: 'failed', fault });
          this.#stuckAtMs = performance.now();
          // Given back by another one that led it: a new plan need not wait.
          if (fault.code !== 'RECOVERY_GIVEN_BACK') this.#failedAtMs = this.#stuckAtMs;
          log('recovery failed', { plan: plan.id, ...fault });
          // Whoever ends in the middle leaves it to another agent to go on.
          if (!this.#ending.signal.aborted) ended(fault);
        },
      )
      .finally(() => {
        this.#running = undefined;
      });
    return { planId: plan.id };
  }

  #refuseSecond(): void {
    if (this.#running === undefined) return;
    throw new AgentError('RECOVERY_RUNS', `This agent carries out plan ${this.#run?.planId ?? ''} already.`, {
      remedy: 'Wait for its end: `etcd-caretaker recover` shows it.',
    });
  }

  async #gathered(
    { lost, goBack, store: url }: RecoveryWish,
    signal: AbortSignal,
  ): Promise<{ readonly plan: RecoveryPlan; readonly gathered: readonly Gathered[] }> {
    const { participant, agents, expected, stores, pointIn } = this.#options;
    const own: RecoveryEvidence = participant.evidence();
    const gathered = await gather(expected(), own, agents, signal);
    this.#doubt(gathered);
    const clusterId = gathered.flatMap(({ evidence }) => clusterIdOf(evidence) ?? [])[0];
    const reach = await stores({ clusterId, url }, signal);
    const input = { nowMs: Date.now(), members: gathered, lost, ...reach };
    if (goBack === undefined) return { plan: recoverPlan(input), gathered };
    const { store } = reach;
    const point = store && (await pointIn(goBack, { clusterId, url: store.url }, signal));
    return { plan: goBackPlan(input, point), gathered };
  }
}

/** The plan that is under way already, by any agent's promise. */
function promisedIn(gathered: readonly Gathered[]): AgreedPlan | undefined {
  const promises = gathered.flatMap(({ evidence }) => evidence?.promise ?? []);
  // One that has ended here may have agents that have yet to stand down.
  return promises.find(isOpen)?.plan;
}

function isOpen(promise: PromiseView | undefined): boolean {
  return promise !== undefined && promise.endedAtMs === undefined;
}
