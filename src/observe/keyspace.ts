import { AgentError } from '../cluster/agent-error.ts';
import type { Fault } from '../cluster/observation.ts';
import type { KubernetesGrouping } from '../cluster/prefix.ts';
import type { ClusterSection, KeyspaceSection } from '../cluster/sections.ts';
import type { StatusReply } from '../etcd/types.ts';
import type { Collector, Round } from './collector.ts';
import type { KeyspaceClient } from './keyspace/client.ts';
import { Follow } from './keyspace/follow.ts';
import { type ScannerRule, turnOf } from './keyspace/scanner-choice.ts';
import { SectionWriter, trackedDepth, waitingSection } from './keyspace/section.ts';
import { KeyspaceTotals } from './keyspace/totals.ts';

/** How long totals are kept current after another agent's turn has begun: a scan of some millions of keys takes that long. */
const LINGER_MS = 15 * 60_000;
/** Write rates are of at least so many seconds. */
const MIN_RATE_SECONDS = 4.5;
/** A member that takes this long for its status has other worries than a scan. */
const SLOW_STATUS_SECONDS = 1;
/** The part of the time in which a page of the scan may be under way. */
const BUSY_SHARE = 0.2;

export interface KeyspaceOptions {
  /** The own member's name, for errors. */
  readonly member: string;
  /** The own member; whoever makes the client closes it, after the collector. */
  readonly client: KeyspaceClient;
  /** The cluster as the newest observation has it: it decides which agent keeps the totals. */
  readonly cluster: () => ClusterSection | undefined;
  /** Path elements of the prefixes in metrics. */
  readonly depth: number;
  /** Prefixes that are shown besides `other`. */
  readonly topK: number;
  /** Highest rate of the scan. */
  readonly keysPerSecond: number;
  /** About what a page of the scan should have. */
  readonly pageBytes: number;
  readonly kubernetes: KubernetesGrouping;
  /** Whether this agent keeps the totals; default `auto`: the agents agree on one. */
  readonly scanner?: ScannerRule;
  /** The part of the time in which a page may be under way; default 0.2. Pages of a slow member are farther apart. */
  readonly busyShare?: number;
  /** How long totals are kept after another agent's turn has begun; default 15 min. */
  readonly lingerMs?: number;
}

/** The work of an agent whose turn it is. */
interface Work {
  readonly totals: KeyspaceTotals;
  readonly follow: Follow;
  readonly sections: SectionWriter;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  /** When it was last this agent's turn, on the monotonic clock. */
  wantedAtMs: number;
  markedAtMs: number;
  /** The member's revision in the round before. */
  revision: bigint;
}

/**
 * Keys, bytes and writes by prefix: one agent of the cluster reads all keys once, slowly, from its own member's memory and
 * disk, without a quorum, and keeps the totals current from a watch. The other agents say whose turn it is.
 */
export function keyspaceCollector(options: KeyspaceOptions): Collector<'keyspace'> {
  let held: string | undefined;
  let work: Work | undefined;

  const begin = (): Work => {
    const totals = new KeyspaceTotals({ kubernetes: options.kubernetes, maxDepth: trackedDepth(options.depth) });
    const { client, pageBytes, keysPerSecond, busyShare = BUSY_SHARE } = options;
    const follow = new Follow({ client, totals, pageBytes, pace: { keysPerSecond, busyShare }, hold: () => held });
    const stop = new AbortController();
    const sections = new SectionWriter(options.depth, options.topK);
    const nowMs = performance.now();
    const ended = follow.run(stop.signal);
    return { totals, follow, sections, stop, ended, wantedAtMs: nowMs, markedAtMs: nowMs, revision: 0n };
  };

  const end = async (): Promise<void> => {
    const ending = work;
    work = undefined;
    ending?.stop.abort();
    await ending?.ended;
  };

  const status = async ({ sources }: Round): Promise<StatusReply> => {
    const startedMs = performance.now();
    try {
      const reply = await sources.status();
      const slow = performance.now() - startedMs > SLOW_STATUS_SECONDS * 1000;
      held = reply.leaderId === '0' ? 'a raft leader' : slow ? 'the member to answer faster' : undefined;
      return reply;
    } catch (error) {
      held = 'the member to answer';
      throw error;
    }
  };

  return {
    name: 'keyspace',
    collect: async (round) => {
      const { header, isLearner } = await status(round);
      const turn = turnOf(options.scanner ?? 'auto', { memberId: header.memberId, isLearner }, options.cluster());
      if (turn.mine) {
        work ??= begin();
        work.wantedAtMs = performance.now();
        return report(work, header.revision, held, options.member);
      }
      if (work !== undefined && performance.now() - work.wantedAtMs > (options.lingerMs ?? LINGER_MS)) {
        await end();
      }
      return work === undefined
        ? waitingSection(options.depth, turn.waitingFor, turn.heldBy)
        : report(work, header.revision, held, options.member);
    },
    close: end,
  };
}

/** Throws why the work does not get on. */
function report(work: Work, revision: bigint, held: string | undefined, member: string): KeyspaceSection {
  const { totals, follow, sections } = work;
  const { fault, progress } = follow;
  const nowMs = performance.now();
  const elapsedSeconds = (nowMs - work.markedAtMs) / 1000;
  if (elapsedSeconds >= MIN_RATE_SECONDS) {
    totals.mark(elapsedSeconds);
    work.markedAtMs = nowMs;
    // The member was beyond the watch a whole interval ago, and nothing has come since: the watch is dead.
    if (fault === undefined && progress.revision < work.revision) {
      follow.reconnect();
    }
    work.revision = revision;
  }
  if (fault !== undefined) {
    throw new AgentError(fault.code, fault.message, { member, ...remedyOf(fault) });
  }
  return sections.write(totals, progress, held);
}

function remedyOf(fault: Fault): { remedy?: string } {
  if (fault.code === 'ETCD_PERMISSION_DENIED') {
    return {
      remedy:
        'Grant the user a role that may read all keys (etcdctl role add ROLE, etcdctl role grant-permission ROLE --prefix=true read "", then etcdctl user grant-role USER ROLE), or switch it off: observe.collectors.keyspace: false.',
    };
  }
  return fault.remedy === undefined ? {} : { remedy: fault.remedy };
}
