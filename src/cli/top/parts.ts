import type { AsJson } from '../../expose/as-json.ts';
import type { HistorySample, StreamParts } from '../../expose/live/words.ts';
import type { ServerSentEvent } from '../server-sent-events.ts';

/** The parts of a stream, without the samples: they are put into the history. */
export const partNames = [
  'status',
  'members',
  'decisions',
  'operations',
  'backups',
  'keyspace',
  'changes',
  'history',
] as const;

export type PartName = (typeof partNames)[number];

/** A part as it arrives. */
export type Part<K extends keyof StreamParts> = AsJson<StreamParts[K]>;

/** What has come of a stream so far, the newest of each part. */
export type Parts = { readonly [K in PartName]?: Part<K> };

/** An hour of samples that are 10 s apart; more is never drawn. */
const MOST_SAMPLES = 360;

/** The parts after one more event. What is no part of ours, or not of its shape, changes nothing: a newer agent may say more. */
export function withEvent(parts: Parts, { name, data }: ServerSentEvent): Parts {
  const json = parsed(data);
  if (name === 'sample') {
    return isSample(json) ? withSample(parts, json) : parts;
  }
  const part = partNames.find((known) => known === name);
  return part === undefined || !hasShape(part, json) ? parts : { ...parts, [part]: json };
}

/** The code of a part that the agent is still asking another one for: it asks only while somebody watches. */
const NOT_ASKED_YET = 'NOT_ASKED_YET';

/**
 * Which parts have not come yet, or are still being asked for; `members` also while one of their agents has not been heard, `history` while one
 * that answers has not given its own.
 */
export function missingParts(parts: Parts): readonly PartName[] {
  return partNames.filter((name) => {
    const part = parts[name];
    if (part === undefined) return true;
    if ('fault' in part) return part.fault.code === NOT_ASKED_YET;
    const { members = [], history = [] } = parts;
    if (name === 'members') return members.some(({ brief, fault }) => brief === undefined && fault === undefined);
    const given = new Set(history.map(({ member }) => member));
    return (
      name === 'history' &&
      members.some(({ brief, silentSince }) => {
        return brief !== undefined && silentSince === undefined && !given.has(brief.member);
      })
    );
  });
}

/** The part; undefined while it has not come, and where it only says why it cannot be shown. */
export function given<T extends object>(part: T | undefined): Exclude<T, { readonly fault: unknown }> | undefined {
  return part === undefined || 'fault' in part ? undefined : (part as Exclude<T, { readonly fault: unknown }>);
}

/** Why a part cannot be shown, a sentence; undefined where it can. */
export function faultOfPart(part: object | undefined): string | undefined {
  if (part === undefined || !('fault' in part)) return undefined;
  const { fault } = part;
  return typeof fault === 'object' && fault !== null && 'message' in fault ? String(fault.message) : 'it says not why';
}

function withSample(parts: Parts, sample: AsJson<HistorySample>): Parts {
  const { history } = parts;
  if (history === undefined) return parts;
  return {
    ...parts,
    history: history.map((one) => {
      const newest = Number(one.times.at(-1) ?? 0);
      if (one.member !== sample.member || Number(sample.time) <= newest) return one;
      const series = Object.entries(one.series).map(([name, values]) => [
        name,
        [...values, Reflect.get(sample.series, name) ?? null].slice(-MOST_SAMPLES),
      ]);
      // Round trips are drawn nowhere as a series: the newest one stands in the member's brief.
      return {
        ...one,
        times: [...one.times, sample.time].slice(-MOST_SAMPLES),
        series: Object.fromEntries(series) as typeof one.series,
      };
    }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const lists: ReadonlySet<string> = new Set<PartName>(['members', 'changes', 'history']);

/** The lists of each part that is an object: what is not there cannot be of this version. */
const listsIn: Readonly<Partial<Record<PartName, readonly string[]>>> = {
  status: ['members', 'findings', 'faults', 'alarms'],
  decisions: ['decisions'],
  operations: ['requests', 'history'],
  backups: ['stores'],
  keyspace: ['levels'],
};

function hasShape(part: PartName, json: unknown): boolean {
  if (lists.has(part)) return Array.isArray(json);
  if (typeof json !== 'object' || json === null) return false;
  return (
    (part !== 'status' && 'fault' in json) ||
    (listsIn[part] ?? []).every((name) => Array.isArray(Reflect.get(json, name)))
  );
}

function isSample(json: unknown): json is AsJson<HistorySample> {
  return typeof json === 'object' && json !== null && 'member' in json && 'time' in json && 'series' in json;
}
