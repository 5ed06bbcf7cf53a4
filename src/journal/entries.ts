import type {
  AgentPlace,
  AgentRecord,
  ArmedRecord,
  HistoryEntry,
  LeaderRecord,
  PauseRecord,
  ReportRecord,
  RequestRecord,
  Slot,
} from '../cluster/caretaking.ts';
import type { KeyValue } from '../etcd/types.ts';
import { type KeyName, keyName } from './key-name.ts';
import { parseAgent } from './records/agent.ts';
import { parseArmed } from './records/armed.ts';
import { parseEpoch } from './records/epoch.ts';
import { garbage, type Parsed } from './records/format.ts';
import { parseHistory } from './records/history.ts';
import { parseLeader } from './records/leader.ts';
import { parsePause } from './records/pause.ts';
import { parsePlaces } from './records/places.ts';
import { parseReport } from './records/report.ts';
import { parseRequest } from './records/request.ts';
import { parseSlot } from './records/slot.ts';
import { parseSpare, type SpareRecord } from './records/spare.ts';

/** What a key holds, by what it is for. */
type Content =
  | { readonly kind: 'agent'; readonly parsed: Parsed<AgentRecord> }
  | { readonly kind: 'leader'; readonly parsed: Parsed<LeaderRecord> }
  | { readonly kind: 'epoch'; readonly parsed: Parsed<bigint> }
  | { readonly kind: 'slot'; readonly parsed: Parsed<Slot> }
  | { readonly kind: 'history'; readonly parsed: Parsed<HistoryEntry> }
  | { readonly kind: 'request'; readonly parsed: Parsed<RequestRecord> }
  | { readonly kind: 'report'; readonly parsed: Parsed<ReportRecord> }
  | { readonly kind: 'pause'; readonly parsed: Parsed<PauseRecord> }
  | { readonly kind: 'armed'; readonly parsed: Parsed<ArmedRecord> }
  | { readonly kind: 'places'; readonly parsed: Parsed<readonly AgentPlace[]> }
  /** Only its revision matters. */
  | { readonly kind: 'resumed'; readonly parsed: Parsed<undefined> }
  /** Only that it is there matters. */
  | { readonly kind: 'resume-token'; readonly parsed: Parsed<undefined>; readonly index: number }
  | {
      readonly kind: 'spare';
      readonly parsed: Parsed<SpareRecord>;
      readonly name: KeyName & { kind: 'spare-epoch' | 'spare-step' };
    };

/** One key of the journal, read; nothing of etcd's buffers is kept. */
export type JournalEntry = Content & {
  readonly key: string;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
};

/** Reads a key of the journal; undefined where it is not of the journal. @param prefix of all keys */
export function readEntry(
  prefix: string,
  { key, value, createRevision, modRevision }: KeyValue,
): JournalEntry | undefined {
  const text = key.toString('utf8');
  const content = contentOf(keyName(text.slice(prefix.length)), value);
  return content === undefined ? undefined : { ...content, key: text, createRevision, modRevision };
}

function contentOf(name: KeyName, value: Buffer): Content | undefined {
  switch (name.kind) {
    case 'agent':
      return { kind: 'agent', parsed: matching(parseAgent(value), (agent) => agent.memberId === name.memberId) };
    case 'history':
      return { kind: 'history', parsed: matching(parseHistory(value), (entry) => entry.revision === name.revision) };
    case 'request':
      return { kind: 'request', parsed: matching(parseRequest(value), (request) => request.id === name.id) };
    case 'report':
      return {
        kind: 'report',
        parsed: matching(parseReport(value), (report) => report.operationId === name.operationId),
      };
    case 'leader':
      return { kind: 'leader', parsed: parseLeader(value) };
    case 'epoch':
      return { kind: 'epoch', parsed: parseEpoch(value) };
    case 'slot':
      return { kind: 'slot', parsed: parseSlot(value) };
    case 'pause':
      return { kind: 'pause', parsed: parsePause(value) };
    case 'armed':
      return { kind: 'armed', parsed: parseArmed(value) };
    case 'places':
      return { kind: 'places', parsed: parsePlaces(value) };
    case 'resumed':
      return { kind: 'resumed', parsed: { kind: 'record', record: undefined } };
    case 'resume-token':
      return { kind: 'resume-token', parsed: { kind: 'record', record: undefined }, index: name.index };
    case 'spare-epoch':
    case 'spare-step':
      return { kind: 'spare', parsed: parseSpare(value), name };
    // Only whoever takes backups reads it.
    case 'timeline':
    case 'other':
      return undefined;
  }
}

function matching<T>(parsed: Parsed<T>, matches: (record: T) => boolean): Parsed<T> {
  return parsed.kind !== 'record' || matches(parsed.record)
    ? parsed
    : garbage('it stands under the key of another one');
}
