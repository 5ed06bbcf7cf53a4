import type { MemberSilence, MemberState } from '../cluster/state.ts';
import { formatSpan } from '../cluster/units.ts';
import type { DecideSettings } from './settings.ts';

/** Fewer observers than this prove nothing: the one may be what is cut off. */
export const LEAST_OBSERVERS = 2;

/** Whether it has answered none of at least two observers for long enough. */
export function isDead({ silence, reachable }: MemberState, { heal }: DecideSettings): boolean {
  return !reachable && isUnanimous(silence) && silence.seconds * 1000 >= heal.replaceAfterMs;
}

function isUnanimous(silence: MemberSilence | undefined): silence is MemberSilence {
  return silence !== undefined && silence.observers >= LEAST_OBSERVERS && silence.silentTo === silence.observers;
}

/** For people: for how long it has been silent, to whom, and how long is waited. */
export function deadText({ name, silence }: MemberState, { heal }: DecideSettings): string {
  const after = formatSpan(heal.replaceAfterMs / 1000);
  if (silence === undefined) return `nobody else says how long ${name} has not answered, and ${after} are waited for`;
  const { seconds, silentTo, observers } = silence;
  return `${name} has not answered for ${formatSpan(Math.floor(seconds))}, as ${silentTo} of ${observers} observers say, and is replaced after ${after}`;
}
