import type { RealMember } from '../real/cluster.ts';
import type { Span } from './load-figures.ts';

const begins = 'starting defragment';
const ends = 'finished defragment';

/**
 * When a member was being defragmented since `sinceMs` (ms since 1970), as etcd's own log has it, whoever asked for it. One
 * that is not over lasts for ever.
 */
export function defragmentations(member: RealMember, sinceMs: number): readonly Span[] {
  const spans: Span[] = [];
  let fromMs: number | undefined;
  for (const { atMs, message } of entries(member.log())) {
    if (atMs >= sinceMs && message === begins) {
      fromMs = atMs;
    } else if (fromMs !== undefined && (message === ends || message.startsWith('failed to defragment'))) {
      spans.push({ fromMs, toMs: atMs });
      fromMs = undefined;
    }
  }
  return fromMs === undefined ? spans : [...spans, { fromMs, toMs: Number.POSITIVE_INFINITY }];
}

function* entries(log: string): Generator<{ readonly atMs: number; readonly message: string }> {
  for (const line of log.split('\n')) {
    // Lines are many and long; only these are worth parsing.
    if (line.includes('defragment"')) {
      const { ts, msg } = JSON.parse(line) as { readonly ts: string; readonly msg: string };
      yield { atMs: Date.parse(ts), message: msg };
    }
  }
}
