import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, Decision, HistoryEntry, Slot } from '../../cluster/caretaking.ts';
import { decide } from '../../decide/decide.ts';
import { passes } from '../../decide/reason-codes.ts';
import type { Term } from '../../journal/term.ts';
import { claimable, USED_UP } from '../../lead/spare-claims.ts';
import { claimSpareEpoch, consumeStep, keepSpareTerm } from '../../lead/spare-epochs.ts';
import type { SpareTerm } from '../../lead/spare-term.ts';
import { runOperation } from '../../operate/runner.ts';
import { SpareJournal } from '../../operate/spare-journal.ts';
import type { Acting } from './acting.ts';
import { newSlot } from './new-slot.ts';

/** A spare term is refreshed so often within its time, as a lease is. */
const REFRESHES_PER_TTL = 3;

/** Without a lease each refresh costs a step, and there are few: one that is lost ends the term, and the next epoch is claimed. */
const REFRESHES_WITHOUT_LEASE = 1.5;

/**
 * One round of an agent that does not lead while writes are refused and nobody leads: then no campaign can be won either,
 * and whoever claims the next spare epoch brings the cluster back.
 */
export async function leaderlessRound(acting: Acting, signal: AbortSignal): Promise<void> {
  const { connected, leaderRevision, epoch } = acting.mirror.snapshot;
  if (!connected || leaderRevision > 0n || epoch === undefined) return;
  const state = await acting.source.observe(signal);
  const { decisions: all, judged } = decide({ ...state, requests: [] }, acting.options.settings);
  const decisions = all.map((decision) => unlessClaimed(acting, decision));
  acting.decided(decisions, judged);
  const decision = decisions.find(({ policy }) => policy === 'nospace');
  if (decision?.decision !== 'act' || decision.action === undefined) return;
  await recoverFromNospace(acting, { decision, action: decision.action }, signal);
}

/** The decision to bring the cluster back, held where this agent may not claim the right to now; then it says why. */
export function unlessClaimed(acting: Acting, decision: Decision, term?: Term): Decision {
  if (decision.policy !== 'nospace' || decision.decision !== 'act') return decision;
  const { memberId } = acting.registration.record;
  const claimer = { memberId, leads: term !== undefined, ttlMs: acting.options.ttlMs, nowMs: performance.now() };
  const may = claimable(acting.mirror.snapshot, claimer);
  if ('spare' in may || (term !== undefined && may.reason.code === USED_UP)) return decision;
  const { action: _action, ...rest } = decision;
  const page = passes(may.reason.code) ? {} : { page: true };
  return { ...rest, decision: 'hold', reasons: [may.reason, ...decision.reasons], ...page };
}

/** Claims a spare epoch and brings the cluster back under it. Does nothing where another agent may, or was faster. */
export async function recoverFromNospace(
  acting: Acting,
  { decision, action, term: parent }: { decision: Decision; action: Action; term?: Term },
  signal: AbortSignal,
): Promise<void> {
  const { keys, mirror, registration, operations, options } = acting;
  const { client, ttlMs, events } = options;
  const { snapshot } = mirror;
  const claim = { client, keys, snapshot, registration, ttlMs, ...(parent === undefined ? {} : { term: parent }) };
  const term = await claimSpareEpoch(claim, signal);
  if (term === undefined) return;
  const slot = newSlot(action, decision, operations.nospace, term);
  events.onOperation(slot);
  acting.recovering(slot);
  const over = new AbortController();
  const kept = keep(acting, term, over.signal);
  try {
    const history = (): readonly HistoryEntry[] => mirror.snapshot.history;
    const journal = new SpareJournal(
      {
        ...{ client, keys, term, history },
        revision: term.revision,
        consumeStep: async (step, until) => {
          await consumeStep(client, keys, term, until, step);
        },
      },
      slot,
    );
    const parts = acting.runParts();
    const onStep = (stepped: Slot): void => {
      acting.recovering(stepped);
      parts.onStep?.(stepped);
    };
    const entry = await runOperation({ term, journal, operation: operations.nospace, ...parts, onStep }, signal);
    if (entry !== undefined) acting.ended(entry);
  } finally {
    over.abort();
    await kept;
    acting.recovering(undefined);
    term[Symbol.dispose]();
  }
}

/** Keeps the term while an effect takes long; where that fails, the term ends by itself. */
async function keep({ options, keys }: Acting, term: SpareTerm, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && term.held) {
    const refreshes = term.lease === undefined ? REFRESHES_WITHOUT_LEASE : REFRESHES_PER_TTL;
    await sleep(term.ttlMs / refreshes, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await keepSpareTerm(options.client, keys, term, signal).catch(() => undefined);
  }
}
