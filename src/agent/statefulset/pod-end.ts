import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../abort/linked-abort.ts';
import { faultOf } from '../../cluster/agent-error.ts';
import { placeOf } from '../../supervise/statefulset/place.ts';
import type { SetCare } from './set-care.ts';

/** How long the API may take to say why the pod ends. */
const API_TIMEOUT_MS = 5000;
/** What a pod has by default, and what counts where the API does not say: `terminationGracePeriodSeconds`. */
const GRACE_SECONDS = 30;
/** So much of the pod's time is left for what the agent itself has to let go of. */
const SPARE_MS = 5000;
/** How long the raft leadership may take to move; etcd itself gives it away at its end too. */
const MOVE_WITHIN_MS = 8000;
const LIST_TIMEOUT_MS = 2000;
const POLL_MS = 250;

/**
 * What is to be done before the process of a pod ends. Where its StatefulSet was made smaller, the member leaves the cluster, as long as the
 * pod has time; else, and also where nobody can say which of the two it is, only the raft leadership moves away: the member stays. Then
 * etcd is stopped. Never rejects; what did not work is told.
 */
export async function endPod(care: SetCare, signal: AbortSignal): Promise<void> {
  const { keeper, identity, stopGraceMs, log, onFault } = care.options;
  const begunMs = performance.now();
  keeper.retire('its pod ends');
  const why = await whyItEnds(care, signal);
  log('the pod ends', { pod: identity.pod, shrunk: why.shrunk });
  const budgetMs = why.graceSeconds * 1000 - stopGraceMs - SPARE_MS - (performance.now() - begunMs);
  try {
    if (why.shrunk) await leave(care, Math.max(SPARE_MS, budgetMs), signal);
    else await giveLeadershipAway(care, Math.min(MOVE_WITHIN_MS, Math.max(0, budgetMs)), signal);
  } catch (error) {
    onFault(
      why.shrunk ? 'leaving the cluster before the pod ends' : 'moving the raft leadership before the pod ends',
      error,
    );
  }
  try {
    await keeper.exclusively(() => keeper.stopProcess(signal));
  } catch (error) {
    onFault('stopping etcd before the pod ends', error);
  }
}

async function whyItEnds(
  { options: { api, identity, onFault } }: SetCare,
  signal: AbortSignal,
): Promise<{ readonly shrunk: boolean; readonly graceSeconds: number }> {
  try {
    const [graceSeconds, { set }] = await within([signal], API_TIMEOUT_MS, (until) =>
      Promise.all([
        // Which of the two it is does not hang on how much time there is.
        api.pod(identity.pod, until).then(
          (pod) => pod?.deletion?.graceSeconds ?? GRACE_SECONDS,
          () => GRACE_SECONDS,
        ),
        api.statefulSet(identity.statefulSet, until),
      ]),
    );
    return { shrunk: placeOf(set, identity.ordinal) === 'shrunk', graceSeconds };
  } catch (error) {
    onFault('asking why the pod ends', error);
    return { shrunk: false, graceSeconds: GRACE_SECONDS };
  }
}

/** Asks, also again, until the list of a quorum has the member no more and its agent has done its part. */
async function leave(care: SetCare, budgetMs: number, signal: AbortSignal): Promise<void> {
  const { keeper, identity, observation, log } = care.options;
  const id = keeper.options.memory.current?.memberId;
  if (id === undefined) return;
  const untilMs = performance.now() + budgetMs;
  let last: unknown = new Error('nobody has answered');
  while (performance.now() < untilMs) {
    signal.throwIfAborted();
    try {
      const list = await within([signal], LIST_TIMEOUT_MS, (until) => keeper.options.list(until));
      const isListed = list.members.some((member) => member.id === id);
      const slot = observation().caretaking?.slot;
      const isUnderWay = slot?.operation === 'leave' && slot.targets.includes(id);
      if (list.linearizable && !isListed && !isUnderWay) {
        log('the member has left the cluster', { memberId: id });
        return;
      }
      if (isListed) await care.ask({ id, name: identity.pod }, { signal, hurry: true });
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new Error(`${identity.pod} has not left within ${Math.round(budgetMs)} ms: ${faultOf(last).message}`, {
    cause: last,
  });
}

async function giveLeadershipAway(care: SetCare, budgetMs: number, signal: AbortSignal): Promise<void> {
  const { request, identity, observation } = care.options;
  if (!leadsRaft(care)) return;
  const voters = (observation().sections.cluster?.value?.members ?? []).filter(({ isLearner }) => !isLearner);
  if (voters.length < 2) return;
  const untilMs = performance.now() + budgetMs;
  await within([signal], budgetMs, (until) =>
    request({ operation: 'move-leader', by: `the agent of ${identity.pod}, whose pod ends` }, until),
  );
  while (performance.now() < untilMs && leadsRaft(care)) await sleep(POLL_MS, undefined, { signal });
}

function leadsRaft({ options: { observation } }: SetCare): boolean {
  const status = observation().sections.member?.value?.status;
  return status !== undefined && status.leaderId === status.memberId;
}
