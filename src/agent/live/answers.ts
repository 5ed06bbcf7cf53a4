import { type HistoryReply, type MemberReply, seriesNames } from '../../expose/live/words.ts';

/**
 * What other agents answer is passed on as it is; these look at it as far as something here reads it. Undefined where it is not what this version
 * knows.
 */
export function memberReplyIn(reply: unknown): MemberReply | undefined {
  if (!isObject(reply) || typeof reply['member'] !== 'string' || typeof reply['agentVersion'] !== 'string') {
    return undefined;
  }
  const { latency, disks, peers, causes, sample } = reply;
  const lists = [disks, peers, causes].every((each) => Array.isArray(each) && each.every(isObject));
  if (!isObject(latency) || !lists || !(sample === undefined || isSample(sample))) return undefined;
  // It was made by another agent for the same readers, and passes through as it is.
  return reply as unknown as MemberReply;
}

/** A history; see `memberReplyIn`. */
export function historyReplyIn(reply: unknown): HistoryReply | undefined {
  if (!isObject(reply) || typeof reply['member'] !== 'string' || !isPositive(reply['stepSeconds'])) return undefined;
  const { times, series, rttSeconds } = reply;
  if (!Array.isArray(times) || !isObject(series) || !isObject(rttSeconds)) return undefined;
  const ascends = times.every((time, at) => Number.isFinite(time) && (at === 0 || time > times[at - 1]));
  const isColumn = (values: unknown): boolean =>
    Array.isArray(values) && values.length === times.length && values.every(isValue);
  const columns = [...seriesNames.map((name) => series[name]), ...Object.values(rttSeconds)];
  return ascends && columns.every(isColumn) ? (reply as unknown as HistoryReply) : undefined;
}

function isSample(sample: unknown): boolean {
  if (!isObject(sample) || typeof sample['member'] !== 'string' || !Number.isFinite(sample['time'])) return false;
  const { series, rttSeconds } = sample;
  if (!isObject(series) || !isObject(rttSeconds)) return false;
  return [...seriesNames.map((name) => series[name]), ...Object.values(rttSeconds)].every(isValue);
}

function isValue(value: unknown): boolean {
  return value === null || Number.isFinite(value);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
