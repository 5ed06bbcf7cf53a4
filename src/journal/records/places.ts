import type { AgentPlace } from '../../cluster/caretaking.ts';
import { Fields, list, type Read, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

const place: Read<AgentPlace> = (value, path) => {
  const fields = new Fields(value, path);
  return {
    memberId: fields.need('memberId', text),
    member: fields.need('member', text),
    url: fields.need('url', text),
  };
};

/** Where agents answer, as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodePlaces(places: readonly AgentPlace[]): Buffer {
  return encodeRecord({ places });
}

/** Where agents answer, or why it cannot be read. */
export function parsePlaces(value: Buffer): Parsed<readonly AgentPlace[]> {
  return parseRecord(value, (fields) => fields.need('places', list(place)));
}
