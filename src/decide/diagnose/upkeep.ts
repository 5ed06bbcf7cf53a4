import type { Cause, Look } from '../../cluster/diagnosis.ts';
import { feltText, type Symptoms } from './symptoms.ts';
import type { Window } from './window.ts';

/** A defragmentation that takes this many looks is told even where nothing else is slow: the member serves nobody. */
const longLooks = 2;

/** What somebody has begun on purpose, and what is slow meanwhile: a defragmentation, or a snapshot that is read or sent. */
export function upkeepCauses(window: Window, symptoms: Symptoms): readonly Cause[] {
  return [...defragmentation(window, symptoms), ...snapshot(window, symptoms)];
}

function defragmentation(window: Window, symptoms: Symptoms): readonly Cause[] {
  const { newest } = window;
  const under = window.values(isDefragmenting).filter((each) => each).length;
  if (isDefragmenting(newest) !== true || (!symptoms.isFelt && under < longLooks)) return [];
  const { slot } = newest.caretaking ?? {};
  const byAgents =
    slot?.operation === 'defrag' ? [`the agents' operation ${slot.id} is at its step ${slot.phase}`] : [];
  return [
    {
      verdict: 'defragmentation-under-way',
      member: newest.member,
      confidence: 'certain',
      evidence: [
        `etcd of ${newest.member} is defragmenting, and serves nobody meanwhile`,
        ...byAgents,
        ...feltText(symptoms),
      ],
      firstStep:
        'Wait: it takes about a second for each 100 MB on a good disk, longer on a slow one. Nothing is to be stopped half way.',
    },
  ];
}

function isDefragmenting({ values }: Look): boolean | undefined {
  return values.wal?.defragInflight;
}

function snapshot(window: Window, symptoms: Symptoms): readonly Cause[] {
  const { newest } = window;
  const sent = newest.values.requests?.snapshotsInFlight ?? 0;
  const isSent = window.mostly(({ values }) => values.requests && values.requests.snapshotsInFlight > 0);
  const isTaken = window.mostly(({ fullUnderWay }) => fullUnderWay === true);
  if (!symptoms.isFelt || (!isSent && !isTaken)) return [];
  return [
    {
      verdict: 'snapshot-under-way',
      member: newest.member,
      confidence: 'likely',
      evidence: [
        ...(isTaken ? ['this agent is taking a full snapshot for the backups'] : []),
        ...(isSent ? [`etcd is sending ${sent} snapshot(s) to members that are far behind`] : []),
        ...feltText(symptoms),
      ],
      firstStep: isSent
        ? 'Wait until that member has caught up; if it never does, see whether its disk and its link keep up with the writes.'
        : 'Wait; where it is felt each time, choose another time or member for it (backup.full.schedule).',
    },
  ];
}
