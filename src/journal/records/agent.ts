import type { AgentRecord } from '../../cluster/caretaking.ts';
import { Fields, finite, list, map, oneOf, type Read, text } from './fields.ts';
import { encodeRecord, type Parsed, parseRecord } from './format.ts';

/** An agent's record as it is stored. Throws `JOURNAL_TOO_LARGE`. */
export function encodeAgent(record: AgentRecord): Buffer {
  return encodeRecord({ ...record });
}

/** An agent's record, or why it cannot be read. */
export function parseAgent(value: Buffer): Parsed<AgentRecord> {
  return parseRecord(value, (fields) => ({
    memberId: fields.need('memberId', text),
    member: fields.need('member', text),
    instance: fields.need('instance', text),
    ...fields.may('url', text),
    version: fields.need('version', text),
    operations: fields.need('operations', map(finite)),
    role: fields.need('role', oneOf(['default', 'arbiter'])),
    startedAtMs: fields.need('startedAtMs', finite),
    ...fields.may('candidate', candidate),
  }));
}

const candidate: Read<NonNullable<AgentRecord['candidate']>> = (value, path) => ({
  peerUrls: new Fields(value, path).need('peerUrls', list(text)),
});
