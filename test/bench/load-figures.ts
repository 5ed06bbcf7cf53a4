import type { MemberLoad, RequestRecords } from './open-load.ts';

/** A span of time; both ends in ms since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * What some requests came to. A wait counts from when the request was to be sent to its last answer, whatever that was;
 * where there are no requests, it is NaN.
 */
export interface WaitFigures {
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  /** How much the longest wait owes to the client, which sent the request late. */
  readonly lateMs: number;
  /** Failed at the first attempt. */
  readonly failed: number;
  /** Failed at the second attempt, too. */
  readonly failedTwice: number;
}

/** Which requests of a member are meant, by the span from when each was to be sent to its last answer; or which other times. */
export type Choice = (member: string, request: Span) => boolean;

const failedTwice = 2;

/** Whether two spans have a time in common. */
export function overlap(a: Span, b: Span): boolean {
  return a.fromMs < b.toMs && b.fromMs < a.toMs;
}

/** Chooses all requests that were under way within a span. */
export function within(span: Span): Choice {
  return (_, request) => overlap(span, request);
}

/** Chooses all requests that were to be sent within a span. */
export function sentWithin({ fromMs, toMs }: Span): Choice {
  return (_, request) => request.fromMs >= fromMs && request.fromMs < toMs;
}

/** Figures of the chosen requests of one kind through all members given. */
export function waits(loads: readonly MemberLoad[], kind: 'writes' | 'reads', choice: Choice): WaitFigures {
  const chosen = loads.flatMap((load) => [...choose(load.member, load[kind], choice)]);
  const sorted = chosen.map(({ waitMs }) => waitMs).sort((a, b) => a - b);
  const longest = chosen.find(({ waitMs }) => waitMs === sorted.at(-1));
  return {
    requests: chosen.length,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    longestMs: longest?.waitMs ?? Number.NaN,
    lateMs: longest?.lateMs ?? Number.NaN,
    failed: chosen.filter(({ failures }) => failures > 0).length,
    failedTwice: chosen.filter(({ failures }) => failures === failedTwice).length,
  };
}

/**
 * The longest time in which not one of the requests of one kind through a member was granted, of those times that are
 * chosen: what whoever has many requests under way sees as a stall. A single request can wait longer, when etcd loses it.
 */
export function longestStallMs(loads: readonly MemberLoad[], kind: 'writes' | 'reads', choice: Choice): number {
  let longestMs = Number.NaN;
  for (const load of loads) {
    const granted = load[kind].endedMs.filter((_, index) => load[kind].failures[index] !== failedTwice).sort();
    for (const [index, toMs] of granted.entries()) {
      const fromMs = granted[index - 1] ?? toMs;
      if (choice(load.member, { fromMs, toMs }) && !(toMs - fromMs < longestMs)) {
        longestMs = toMs - fromMs;
      }
    }
  }
  return longestMs;
}

/** A quantile of sorted figures; NaN when there are none. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

interface Chosen {
  readonly waitMs: number;
  readonly lateMs: number;
  readonly failures: number;
}

function* choose(member: string, records: RequestRecords, choice: Choice): Generator<Chosen> {
  for (const [index, fromMs] of records.intendedMs.entries()) {
    const toMs = records.endedMs[index] ?? Number.NaN;
    if (choice(member, { fromMs, toMs })) {
      yield { waitMs: toMs - fromMs, lateMs: records.lateMs[index] ?? 0, failures: records.failures[index] ?? 0 };
    }
  }
}
