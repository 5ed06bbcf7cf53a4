import type { AsJson } from '../../expose/as-json.ts';
import type { PartFault, StreamParts } from '../../expose/live/words.ts';
import type { ServerEvent } from './event-parser.ts';
import { type MemberHistory, withHistories, withSample } from './member-history.ts';

type Shown = Exclude<keyof StreamParts, 'history' | 'sample'>;

/** What the stream has brought so far; a part that has not come yet is absent. */
export type LiveParts = { readonly [K in Shown]?: AsJson<StreamParts[K]> | undefined } & {
  readonly histories: readonly MemberHistory[];
};

/** Those of them that are named. */
export type PartsOf<K extends keyof LiveParts> = Pick<LiveParts, K>;

/** Before anything has come. */
export const noParts: LiveParts = { histories: [] };

const names: ReadonlySet<string> = new Set<Shown>([
  'status',
  'members',
  'decisions',
  'operations',
  'backups',
  'keyspace',
  'changes',
]);

/** A stream that is new says so of what has to be asked of other agents first: what was known before is better than that. */
const NOT_ASKED = 'NOT_ASKED_YET';

/** Pure: the parts after an event. What has no name here is of a newer agent, and is left out. Throws where its data are no JSON. */
export function withEvent(parts: LiveParts, { event, data }: ServerEvent): LiveParts {
  if (names.has(event)) {
    const part: object = JSON.parse(data);
    return isFault<object>(part) && part.fault.code === NOT_ASKED ? parts : { ...parts, [event]: part };
  }
  if (event === 'history') return { ...parts, histories: withHistories(JSON.parse(data)) };
  if (event === 'sample') return { ...parts, histories: withSample(parts.histories, JSON.parse(data)) };
  return parts;
}

/** Whether there is only why the part cannot be shown: a part may have faults of its own, too. */
export function isFault<T extends object>(part: T | AsJson<PartFault>): part is AsJson<PartFault> {
  return 'fault' in part && Object.keys(part).length === 1;
}
