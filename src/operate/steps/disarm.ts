import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { ClusterState } from '../../cluster/state.ts';
import { type OperationContext, OperationStopped } from '../operation.ts';
import type { Parts } from './parts.ts';

/** Answers may be lost: to take an alarm back twice, or to write a test key twice, does no harm. */
const ATTEMPTS = 3;

/** The members that have raised NOSPACE. */
export function raisedNospace({ alarms }: ClusterState): ClusterState['alarms'] {
  return alarms.filter(({ alarm }) => alarm === 'NOSPACE');
}

/** Takes back NOSPACE of exactly the members that have raised it. Throws what the last attempt failed with. */
export async function disarmRaised(
  alarms: ClusterState['alarms'],
  context: OperationContext,
  { effects, timing }: Parts,
): Promise<void> {
  for (const { memberId, member } of alarms) {
    await context.step({ name: 'disarm', memberId, detail: `NOSPACE of ${member}` }, (permit) =>
      repeated(() => effects.disarmNospace(memberId, permit), permit.signal, timing.pollMs),
    );
  }
}

/**
 * Writes once, and looks whether the alarm comes back at once.
 * @throws OperationStopped `NOSPACE_RERAISED` where it does, or the write is refused
 */
export async function testWrite(context: OperationContext, { effects, timing }: Parts): Promise<void> {
  const { signal } = context;
  const refused = await context.step({ name: 'test-write' }, (permit) =>
    repeated(() => effects.canaryWrite(permit), permit.signal, timing.pollMs).then(
      () => undefined,
      (error: unknown) => {
        signal.throwIfAborted();
        if (faultOf(error).code !== 'ETCD_NOSPACE') throw error;
        return faultOf(error).message;
      },
    ),
  );
  if (refused !== undefined) {
    throw new OperationStopped('NOSPACE_RERAISED', `the alarm was taken back, but a test write is refused: ${refused}`);
  }
  await sleep(timing.reraiseMs, undefined, { signal });
  const again = raisedNospace(await context.observe()).map(({ member }) => member);
  if (again.length > 0) {
    throw new OperationStopped('NOSPACE_RERAISED', `the alarm was taken back, and ${again.join(', ')} raised it again`);
  }
}

async function repeated(call: () => Promise<void>, signal: AbortSignal, pauseMs: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await call();
      return;
    } catch (error) {
      signal.throwIfAborted();
      const { code } = faultOf(error);
      if (attempt === ATTEMPTS || code === 'ETCD_NOSPACE' || code === 'TERM_LOST') throw error;
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
