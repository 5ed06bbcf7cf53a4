import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../backup/restore/random-life.ts';
import { statedLosses } from '../../healing/stated-loss.ts';
import type { TendedMember } from '../../healing/tended-cluster.ts';
import type { EtcdLine } from '../../real/binaries.ts';
import type { Fault, Struck } from './fault.ts';
import { type Ground, startGround } from './ground.ts';
import type { KeyHistory } from './history.ts';
import { quorumLostBy } from './quorum-watch.ts';
import { untilRecovered } from './recovered.ts';
import { RegisterLoad } from './register-load.ts';
import { judge, type LoadVerdict, type QuorumLoss } from './verdict.ts';

/** So that a lost quorum comes back without a person. */
const QUORUM_LOSS = { 'heal.quorumLoss': 'auto', 'heal.quorumLossAfter': '5s', 'backup.delta.interval': '1s' };

/** Where all agents were killed too, none can say what may be missing: deltas are stored each second, on a busy machine later. */
const UNSTATED_SECONDS = 15;

export interface HealRunOptions {
  readonly seed: number;
  readonly members: number;
  readonly version: EtcdLine;
  /** Drawn from; with `each`, each of them once, in this order. */
  readonly faults: readonly Fault[];
  /** After this no further fault is begun. */
  readonly forMs: number;
  readonly each?: boolean;
  /** How long the cluster may take to be well again after a fault. */
  readonly patienceMs: number;
  readonly set?: Readonly<Record<string, string>>;
  readonly electionMs?: number;
  readonly main?: string;
  /** Told after each fault. */
  readonly onFault?: (result: FaultResult) => void;
}

/** What came of one fault. */
export interface FaultResult {
  readonly fault: string;
  readonly text: string;
  /** From when it was undone to when all was well. */
  readonly seconds: number;
  /** Of writes, from the fault on. */
  readonly longestGapSeconds: number;
  readonly problem?: string;
  /** Where the quorum was lost for good: what the plan said may be missing, and what is. */
  readonly loss?: LossResult;
}

/** What a plan said, if anybody could say, and the acknowledged writes that are missing. */
export interface LossResult {
  readonly stated?: { readonly seconds: number; readonly writes: number };
  /** Known when the run has ended. */
  readonly missing?: number;
}

export interface HealRunResult {
  readonly results: readonly FaultResult[];
  readonly verdict: LoadVerdict;
  /** Sentences; none where all is well. */
  readonly problems: readonly string[];
  /** Operations that ended, by name and outcome. */
  readonly operations: ReadonlyMap<string, number>;
  readonly acknowledged: number;
  readonly lost: number;
  /** Where data and logs are, where there was a problem. */
  readonly folder?: string;
}

/** Faults, one after the other, on a cluster under load that its agents tend; then everything that was seen is judged. */
export async function healRun(options: HealRunOptions): Promise<HealRunResult> {
  const { faults, members, version, set = {}, seed, electionMs, main } = options;
  const needs = new Set(faults.map((fault) => fault.needs));
  const ground = await startGround({
    ...{ members, version },
    set: { ...(faults.some(({ losesQuorum }) => losesQuorum) ? QUORUM_LOSS : {}), ...set },
    smallDisk: needs.has('small-disk'),
    smallQuota: needs.has('small-quota'),
    // Two of five may be cut off as well.
    links: needs.has('links') || needs.has('five-members'),
    compares: comparisonFor(faults),
    ...(electionMs === undefined ? {} : { electionMs }),
    ...(main === undefined ? {} : { main }),
  });
  const load = RegisterLoad.start({ endpoints: ground.members.map(({ endpoint }) => endpoint), seed });
  let keep = true;
  try {
    const losses: QuorumLoss[] = [];
    const results = await strikeAll(ground, load, losses, options);
    const result = await judged(ground, load, losses, results);
    keep = result.problems.length > 0;
    return keep ? { ...result, folder: ground.cluster.folder } : result;
  } finally {
    await load.stop();
    await ground.close(keep);
  }
}

/** Throws where faults are to be drawn together that need another etcd each. */
function comparisonFor(faults: readonly Fault[]): 'at-start' | 'always' | 'never' {
  const kinds = new Set(faults.map(({ apart }) => apart));
  if (kinds.size > 1) throw new Error('flip-value and flip-value-asked are for a run of their own');
  const [kind] = kinds;
  return kind === undefined ? 'at-start' : kind === 'compares' ? 'always' : 'never';
}

async function strikeAll(
  ground: Ground,
  load: RegisterLoad,
  losses: QuorumLoss[],
  options: HealRunOptions,
): Promise<FaultResult[]> {
  const { faults, each = false, forMs, onFault } = options;
  const random = seeded(options.seed);
  const endMs = performance.now() + forMs;
  const results: FaultResult[] = [];
  for (let turn = 0; each ? turn < faults.length : performance.now() < endMs; turn += 1) {
    // Drawn even where it is not needed: so that each turn takes as many numbers as any other.
    const drawn = faults[random(faults.length)];
    const fault = each ? faults[turn] : drawn;
    if (fault === undefined) break;
    const result = await strikeOnce(fault, ground, load, random, losses, options.patienceMs);
    results.push(result);
    onFault?.(result);
    // What is broken now would only be called broken again.
    if (result.problem !== undefined) break;
  }
  return results;
}

async function strikeOnce(
  fault: Fault,
  ground: Ground,
  load: RegisterLoad,
  random: (below: number) => number,
  losses: QuorumLoss[],
  patienceMs: number,
): Promise<FaultResult> {
  const victims = victimsOf(fault, ground, random);
  const signal = AbortSignal.timeout(10 * 60_000);
  const longestMs = Math.max(patienceMs, fault.patienceMs ?? 0);
  let goneAt: { readonly atMs: number; readonly wallMs: number } | undefined;
  const quorumGoes = (): void => {
    goneAt = { atMs: performance.now(), wallMs: Date.now() };
    load.turnToNewKeys();
  };
  load.measureGaps();
  let struck: Struck | undefined;
  let seconds = Number.NaN;
  let problem: string | undefined;
  try {
    struck = await fault.strike({ ground, victims, random, signal, quorumGoes });
    await sleep(struck.lastsMs);
    await struck.undo();
    seconds = await untilRecovered(ground, load, longestMs, () => struck?.unmended?.());
  } catch (error) {
    problem = `${struck?.text ?? fault.name}: ${error instanceof Error ? error.message : error}`;
  } finally {
    struck?.settle?.();
  }
  const loss = goneAt === undefined ? undefined : statedSince(goneAt.wallMs, ground);
  if (goneAt !== undefined) {
    const { seconds: ofSeconds = UNSTATED_SECONDS, writes = Infinity } = loss?.stated ?? {};
    losses.push({ atMs: goneAt.atMs, seconds: ofSeconds, writes });
  }
  return {
    ...{ fault: fault.name, text: struck?.text ?? fault.name, seconds },
    longestGapSeconds: load.tally().longestGapMs / 1000,
    ...(problem === undefined ? {} : { problem }),
    ...(loss === undefined ? {} : { loss }),
  };
}

function statedSince(wallMs: number, { cluster }: Ground): LossResult {
  const { seconds, revisions } = statedLosses(cluster).findLast((each) => each.atMs > wallMs) ?? {};
  return seconds === undefined || revisions === undefined ? {} : { stated: { seconds, writes: revisions } };
}

/** Each recovery with what is missing since then. */
function withMissing(results: readonly FaultResult[], { missing }: LoadVerdict): readonly FaultResult[] {
  let turn = 0;
  return results.map((result) => {
    if (result.loss === undefined) return result;
    turn += 1;
    return { ...result, loss: { ...result.loss, missing: missing[turn - 1] ?? 0 } };
  });
}

/** As many as may be struck at once: one of three, now and then two of five where that mends itself. */
function victimsOf(fault: Fault, ground: Ground, random: (below: number) => number): readonly TendedMember[] {
  const { members, smallDisk } = ground;
  const [first, two] = [random(members.length), random(3) === 0];
  if (fault.needs === 'small-disk') return members.filter(({ name }) => name === smallDisk?.member);
  const count = two && fault.alone !== true ? Math.min(2, Math.floor((members.length - 1) / 2)) : 1;
  return Array.from({ length: count }, (_, index) => members[(first + index) % members.length]).flatMap(
    (each) => each ?? [],
  );
}

async function judged(
  ground: Ground,
  load: RegisterLoad,
  losses: readonly QuorumLoss[],
  results: readonly FaultResult[],
): Promise<HealRunResult> {
  const { clients, journal, quorum, cluster } = ground;
  const { acknowledged, lost } = load.tally();
  const broken = results.flatMap(({ problem }) => problem ?? []);
  const histories = await readThroughAny(load, clients);
  const verdict = judge(histories ?? [], losses);
  const taken = journal.steps.flatMap((step) => quorumLostBy(step, quorum.samples) ?? []);
  const unread = histories === undefined ? ['what is there at the end could not be read'] : [];
  const problems = [...broken, ...unread, ...verdict.problems, ...taken];
  if (problems.length > 0 && histories !== undefined) {
    await writeFile(join(cluster.folder, 'histories.json'), JSON.stringify(histories, null, 1));
  }
  const operations = new Map<string, number>();
  for (const { operation, outcome, code } of journal.ended) {
    const name = `${operation} ${outcome}${code === undefined ? '' : ` (${code})`}`;
    operations.set(name, (operations.get(name) ?? 0) + 1);
  }
  return { results: withMissing(results, verdict), verdict, problems, operations, acknowledged, lost };
}

async function readThroughAny(
  load: RegisterLoad,
  clients: Ground['clients'],
): Promise<readonly KeyHistory[] | undefined> {
  for (const client of clients) {
    const histories = await load.end(client).catch(() => undefined);
    if (histories !== undefined) return histories;
  }
  return undefined;
}
