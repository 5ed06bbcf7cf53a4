import { ChangeLog } from '../../../src/expose/live/change-log.ts';
import { HistoryRecorder } from '../../../src/expose/live/history-recorder.ts';
import type { LiveListener, LivePorts, WholeParts } from '../../../src/expose/live/live-ports.ts';
import { memberBrief } from '../../../src/expose/live/member-brief.ts';
import { statusOf } from '../../../src/expose/status.ts';
import { fullBackups } from './full-backups.ts';
import { ended, fullCaretaking, slot } from './full-caretaking.ts';
import { fullObservation } from './full-observation.ts';

/** What is shown live, by hand: parts that a test can change, and the listener that it can tell. */
export interface ScriptedLive extends LivePorts {
  readonly parts: { -readonly [K in keyof WholeParts]: WholeParts[K] };
  /** Of whoever watches. */
  readonly listeners: LiveListener[];
}

export function scriptedLive(): ScriptedLive {
  const recorder = new HistoryRecorder();
  recorder.take(fullObservation, 12.5);
  const { member } = fullObservation;
  const brief = memberBrief(fullObservation);
  const { leader, decisions, requests } = fullCaretaking;
  const keyspace = fullObservation.sections.keyspace?.value;
  const parts: ScriptedLive['parts'] = {
    status: statusOf(fullObservation),
    members: [
      { memberId: brief.memberId ?? '', member, own: true, url: 'https://m1.example:4380', brief },
      {
        ...{ memberId: '91bc3c398fb3c146', member: 'm2', own: false, url: 'https://m2.example:4380' },
        silentSince: '2026-01-02T03:04:05.000Z',
        fault: { code: 'PEER_AGENT_UNREACHABLE', message: 'No answer in time.', remedy: 'Look at it.' },
      },
    ],
    decisions: { ...(leader === undefined ? {} : { leader }), decidedAtMs: 1, decisions },
    operations: { slot, requests, history: [ended] },
    backups: fullBackups,
    keyspace: keyspace ?? { fault: { code: 'KEYSPACE_NOT_OBSERVED', message: 'It is not observed.' } },
    changes: new ChangeLog().changes,
    history: [recorder.reply(member)],
  };
  const listeners: LiveListener[] = [];
  const { newest } = recorder;
  return {
    parts,
    listeners,
    member: () => ({ ...brief, ...(newest === undefined ? {} : { sample: newest }) }),
    history: () => recorder.reply(member),
    part: (name) => parts[name],
    watch: (listener) => {
      listeners.push(listener);
      return () => listeners.splice(listeners.indexOf(listener), 1);
    },
  };
}
