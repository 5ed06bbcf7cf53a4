import { randomUUID } from 'node:crypto';
import type { HistoryEntry } from '../../cluster/caretaking.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { hashesOf } from '../../decide/hash-evidence.ts';
import { termLost } from '../../journal/guarded-txn.ts';
import { addHistory, historyToDrop } from '../../journal/history.ts';
import type { Term } from '../../journal/term.ts';
import { clearCorruptAlarm, takeCorruptBack } from '../../operate/corrupt-alarm.ts';
import { readLocalPause } from '../../operate/local-pause.ts';
import type { Acting } from './acting.ts';

/** A comparison that found nothing to do is made again so much later. */
const AGAIN_MS = 10 * 60_000;

/** One that could not be made (a voter was away for a moment, a hash was not to be had) is tried again soon: nothing is written meanwhile. */
const RETRY_MS = 5000;

/** When the agent that leads looks into it again, at the earliest; monotonic. */
const lookAgainAtMs = new WeakMap<Acting, number>();

/**
 * What a leader does while CORRUPT is raised, before anything can be written: it compares the members' data, and where a majority agrees
 * takes the alarm back, so that the minority can be replaced. The result is written down as a hash check, by which that is decided.
 *
 * Where the alarm is gone and nobody has written down what was found (the leader that took it back has died, or a person did it), the data are
 * compared all the same, and that is written down.
 */
export async function corruptRound(acting: Acting, term: Term, signal: AbortSignal): Promise<void> {
  const state = await acting.source.observe(signal);
  const isRaised = state.alarms.some(({ alarm }) => alarm === 'CORRUPT');
  // What is under way was decided by what was found; when it has ended, that it has helped is worth a look.
  if (!isRaised && (state.slot !== undefined || !acting.source.isCorruptOpen)) return;
  if (!(await mayAct(acting, state))) return;
  const check = (): void => {
    signal.throwIfAborted();
    if (!term.held) throw termLost(term);
  };
  const permit = { signal, check };
  // Known already: etcd has raised it once more while the minority is being replaced.
  if (hashesOf(state).minority.size > 0) {
    if (isRaised) await takeCorruptBack(state, acting.parts, permit);
    return;
  }
  const nowMs = performance.now();
  if (nowMs < (lookAgainAtMs.get(acting) ?? 0)) return;
  lookAgainAtMs.set(acting, nowMs + RETRY_MS);
  const startedAtMs = Date.now();
  const result = await clearCorruptAlarm(state, acting.parts, permit);
  if (result === undefined) return;
  lookAgainAtMs.set(acting, performance.now() + AGAIN_MS);
  const entry: HistoryEntry = {
    // Later than all that stands there, and before whatever is done about it.
    revision: state.revision,
    id: randomUUID(),
    operation: 'hash-check',
    outcome: result.outcome,
    epoch: term.epoch,
    holder: term.holder,
    targets: state.members.filter(({ isLearner }) => !isLearner).map(({ id }) => id),
    startedAtMs,
    endedAtMs: Date.now(),
    seconds: (performance.now() - nowMs) / 1000,
    reasons: [isRaised ? 'CORRUPT is raised' : 'CORRUPT was raised, and nobody has said what was found'],
    summary: result.summary,
    steps: [],
    figures: result.figures ?? {},
  };
  const { snapshot } = acting.mirror;
  const { client } = acting.options;
  const isWritten = await addHistory(client, acting.keys, entry, historyToDrop(snapshot.history), signal).then(
    () => true,
    () => false,
  );
  if (!isWritten) acting.unwritten.push(entry);
  acting.ended(entry);
}

/** What the gate asks for of an operation that stands in the slot. */
async function mayAct({ options }: Acting, { armed, pause, slot, unreadable }: ClusterState): Promise<boolean> {
  const { settings, pauseFile } = options;
  if (settings.mode !== 'auto' || settings.policies.replace !== 'auto') return false;
  if (armed === undefined || pause !== undefined || unreadable.length > 0) return false;
  if (slot !== undefined && slot.operation !== 'replace') return false;
  return (await readLocalPause(pauseFile, Date.now())) === undefined;
}
