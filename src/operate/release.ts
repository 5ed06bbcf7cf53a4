import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../cluster/agent-error.ts';
import type { JournalValue } from '../cluster/caretaking.ts';
import type { ClaimRelease } from '../cluster/pod-set.ts';
import { type Operation, type OperationContext, type OperationResult, OperationStopped } from './operation.ts';
import { textParameter } from './steps/newcomer.ts';
import type { PodSetParts } from './steps/parts.ts';
import { podSetOf } from './steps/set-watch.ts';
import { steadyState } from './steps/steady-state.ts';
import { stepLimitsMs } from './steps/step-limits.ts';

const RELEASE = 'release-claim';

/** Of the Kubernetes API: it is away for a moment, or an object was changed between reading and writing. Looked at again, it may be otherwise. */
const PASSING: ReadonlySet<string> = new Set(['KUBE_AWAY', 'KUBE_CONFLICT']);

/**
 * Lets go of the volume of a pod whose node is gone: it is set to be kept, then the claim and the pod are deleted, so that the
 * StatefulSet brings the pod up elsewhere, with an empty volume. Its member is replaced then, as any that has lost its data. It is back when
 * Kubernetes has taken both away.
 */
export function releaseOperation(parts: PodSetParts): Operation {
  return { name: 'release', version: 1, run: (context) => release(context, parts) };
}

async function release(context: OperationContext, parts: PodSetParts): Promise<OperationResult> {
  const { signal, slot } = context;
  const pods = podSetOf(parts);
  const name = textParameter(slot, 'pod');
  const memberId = textParameter(slot, 'member');
  const member = (await steadyState(context, parts)).members.find(({ id }) => id === memberId);
  if (member === undefined) throw new OperationStopped('TARGET_GONE', `${name} is no member of this cluster any more`);
  if (member.reachable) throw new OperationStopped('MEMBER_BACK', `${name} answers again`, { member: name });
  const plan = planned(slot.progress['release']) ?? (await firstPlan(name, context, parts));
  if (plan === undefined)
    throw new OperationStopped('NOTHING_TO_RELEASE', `${name} has no claim that is bound to a volume`);
  const untilMs = performance.now() + stepLimitsMs[RELEASE];
  const step = {
    name: RELEASE,
    memberId,
    detail: `${plan.claim} of ${plan.pod}; the volume ${plan.volume} is kept`,
    progress: { release: { ...plan } },
  };
  const left = await context.step(step, async (permit) => {
    for (;;) {
      const now = await lookedAgain(() => pods.release(plan, permit), { untilMs, signal });
      if (now === 'nothing' || (now !== undefined && performance.now() > untilMs)) return now;
      await sleep(parts.timing.pollMs, undefined, { signal });
    }
  });
  if (left !== 'nothing') {
    throw new OperationStopped(
      'STILL_THERE',
      `Kubernetes has not taken away the ${left} of ${name} yet, which was deleted: ${plan.proof}`,
    );
  }
  return {
    outcome: 'succeeded',
    summary: `The claim ${plan.claim} of ${name} was let go of, since ${plan.proof}; its volume ${plan.volume} is kept, in quarantine.`,
  };
}

async function firstPlan(
  name: string,
  { signal }: OperationContext,
  parts: PodSetParts,
): Promise<ClaimRelease | undefined> {
  const untilMs = performance.now() + parts.timing.settleWithinMs;
  for (;;) {
    const found = await lookedAgain(async () => ({ plan: await podSetOf(parts).planRelease(name, signal) }), {
      untilMs,
      signal,
    });
    if (found !== undefined) return found.plan;
    await sleep(parts.timing.pollMs, undefined, { signal });
  }
}

/** Undefined where the Kubernetes API has only a hiccup, and there is time left to look again. */
async function lookedAgain<T>(
  look: () => Promise<T>,
  { untilMs, signal }: { readonly untilMs: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (signal.aborted || performance.now() > untilMs || !PASSING.has(faultOf(error).code)) throw error;
    return undefined;
  }
}

/** What a former leader has begun with. */
function planned(value: JournalValue | undefined): ClaimRelease | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const text = (name: string): string => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === 'string' ? found : '';
  };
  const podUid = text('podUid');
  return {
    ...{
      pod: text('pod'),
      claim: text('claim'),
      claimUid: text('claimUid'),
      volume: text('volume'),
      proof: text('proof'),
    },
    ...(podUid === '' ? {} : { podUid }),
  };
}
