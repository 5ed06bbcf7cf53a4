import type { CaretakingJson } from './caretaking-reply.ts';
import type { Explained } from './explain-text.ts';
import { formatInstant } from './instant.ts';
import { formatSpan } from './units.ts';

/** Who leads since when, and everything that keeps the agents from acting: one line each. */
export function situationText({ reply, view, nameOf, paint, nowMs }: Explained): string {
  const { leader, decidedAtMs, decisions, arming } = reply;
  const ago = (atMs: number | '+Inf'): string => `${formatSpan(Math.max(0, (nowMs - Number(atMs)) / 1000))} ago`;
  const since = (atMs: number | '+Inf'): string => `${formatInstant(atMs)} (${ago(atMs)})`;
  const decided = decidedAtMs === undefined ? '' : ` It decided last ${ago(decidedAtMs)}.`;
  const open = decisions.filter(({ reasons }) => reasons.some(({ code }) => code === 'BREAKER_OPEN'));
  const names = open.map(({ policy }) => policy).join(', ');
  // The observation leaves out what stands in the journal; the decisions come with it.
  const { slot, armed, pause, localPause, faults = [] } = { ...view, ...reply };
  const lines = [
    leader === undefined
      ? paint('yellow', 'No agent leads: nothing is decided.')
      : `The agent beside ${leader.member || nameOf(leader.memberId)} leads, epoch ${leader.epoch}, since ${since(leader.sinceMs)}.${decided}`,
    ...(view === undefined
      ? []
      : [armed === undefined ? paint('yellow', notArmed(view, arming)) : `Armed since ${since(armed.atMs)}.`]),
    ...(slot === undefined
      ? []
      : [
          `Under way: ${slot.operation} ${slot.targets.map(nameOf).join(', ')}, at step ${slot.phase}, begun ${ago(slot.startedAtMs)}.`,
        ]),
    ...(pause === undefined
      ? []
      : [
          paint(
            'yellow',
            `PAUSED by ${pause.by} for another ${formatSpan(Math.max(0, (Number(pause.untilMs) - nowMs) / 1000))}: ${pause.reason}`,
          ),
        ]),
    ...(localPause === undefined
      ? []
      : [paint('yellow', `The agent that answers is PAUSED by its file. ${localPause}`)]),
    ...(names === '' ? [] : [paint('red', `Breaker open: ${names}. \`etcd-caretaker resume\` closes it.`)]),
    ...faults.map(({ message }) => paint('yellow', `warning: ${message}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function notArmed({ readySeconds }: CaretakingJson, arming: string | undefined): string {
  const ready =
    typeof readySeconds === 'number' ? `every voter has had an agent and health for ${formatSpan(readySeconds)}` : '';
  const why = arming ?? ready;
  return `Not armed yet: it is only said what would be done${why === '' ? '' : ` (${why})`}.`;
}
