import { type Cause, type CauseName, type Confidence, causeNames } from '../../cluster/diagnosis.ts';

const confidences: readonly Confidence[] = ['certain', 'likely', 'possible'];

const slowDisk = ['disk-slow-device', 'disk-slow-neighbour', 'disk-slow-own-load', 'etcd-io-limited'] as const;
const slowNetwork = ['network-slow-to-all', 'network-slow-to-peer', 'network-cut-to-peer'] as const;
const silent = ['member-unreachable', 'partitioned', 'partitioned-one-way', 'starved', 'machine-gone'] as const;
/** A disk that is slow for what etcd itself does; of one that is slow for others, or by itself, load is no cause. */
const ownDisk = ['disk-slow-own-load', 'etcd-io-limited'] as const;
const otherDisk = ['disk-slow-device', 'disk-slow-neighbour'] as const;
const load = ['heavy-writes', 'heavy-ranges', 'client-timeouts'] as const;
/** Of as many members as it takes, each of these is why nobody has a majority. */
const noQuorum = ['quorum-lost'] as const;
const standstill = [...slowDisk, ...slowNetwork, ...silent, ...load, 'clock-off'] as const;

/** What each cause brings about by itself: read after it, and no cause of its own while it holds. */
const bringsAbout: { readonly [K in CauseName]?: readonly CauseName[] } = {
  'quorum-lost': ['member-unreachable', 'network-cut-to-peer', 'client-timeouts'],
  'quota-exceeded': ['quota-running-out'],
  'disk-full': ['process-down', ...standstill, ...noQuorum],
  'disk-hung': [...standstill, ...noQuorum],
  'certificate-expired': [...silent, ...slowNetwork, 'certificate-expiring', ...noQuorum],
  'process-stopped': [...standstill, ...noQuorum],
  'process-down': [...silent, ...slowNetwork, ...noQuorum],
  'machine-gone': ['member-unreachable', 'partitioned', 'starved', ...slowNetwork, ...noQuorum],
  removed: ['process-down', ...silent],
  'data-gone': ['process-down', ...silent, ...noQuorum],
  'data-corrupt': ['process-down', ...silent],
  'defragmentation-under-way': [...standstill, 'memory-pressure'],
  'memory-pressure': [...slowDisk, ...slowNetwork, ...load, 'cpu-starved', 'cpu-throttled', 'starved'],
  'cpu-throttled': ['etcd-io-limited', ...slowNetwork, ...load, 'cpu-starved', 'starved'],
  // A disk that others load is not explained by it.
  'cpu-starved': ['etcd-io-limited', 'disk-slow-device', ...slowNetwork, ...load, 'starved', 'snapshot-under-way'],
  'network-cut-to-peer': ['client-timeouts', 'partitioned'],
  partitioned: ['member-unreachable', ...slowNetwork, ...noQuorum, 'client-timeouts'],
  'partitioned-one-way': ['member-unreachable', ...slowNetwork, 'client-timeouts'],
  starved: ['member-unreachable', ...slowNetwork, 'client-timeouts'],
  'too-many-leases': ['heavy-writes', 'heavy-ranges', ...ownDisk, 'cpu-starved', 'client-timeouts', ...slowNetwork],
  'too-many-watchers': ['heavy-ranges', 'cpu-starved', 'client-timeouts', ...slowNetwork],
  // Of a disk that is only guessed to be slow by itself, load that is seen is the surer cause, and the other way round.
  'heavy-writes': [...ownDisk, ...otherDisk, 'cpu-starved', 'client-timeouts', ...slowNetwork, 'snapshot-under-way'],
  'heavy-ranges': ['client-timeouts', ...slowNetwork, 'cpu-starved', ...ownDisk, ...otherDisk],
  // The agent itself writes down what it reads: to etcd it is a neighbour.
  'snapshot-under-way': [...ownDisk, ...otherDisk, 'heavy-ranges', 'client-timeouts'],
  'disk-slow-neighbour': [...load, ...slowNetwork, 'election-timeout-short'],
  'disk-slow-device': [...load, ...slowNetwork, 'snapshot-under-way', 'election-timeout-short'],
  'disk-slow-own-load': ['client-timeouts', ...slowNetwork, 'election-timeout-short'],
  'etcd-io-limited': ['client-timeouts', ...slowNetwork, 'election-timeout-short'],
  'network-slow-to-all': ['client-timeouts', 'election-timeout-short', 'network-slow-to-peer'],
  'network-slow-to-peer': ['client-timeouts', 'election-timeout-short'],
};

/** A cause in its place. */
export type Ranked<C extends Cause> = C & { readonly rank: number; readonly explainedBy?: CauseName };

/** Whose agent has found the causes. */
export interface Finder {
  readonly member: string;
  /** Its etcd answers, whatever is wrong with it: then nothing of it is why nobody has a majority. */
  readonly answers: boolean;
}

/**
 * Puts causes in the order in which a person should read them: what nothing else explains first, in the order of their names, guesses last,
 * then what the others bring about. Of two that explain each other the one that is surer explains, and where both are as sure,
 * the earlier in the order.
 * @param isFading found before, and not now: read after those that are found, unless it explains them
 */
export function ranked<C extends Cause>(
  causes: readonly C[],
  own: Finder,
  isFading: (cause: C) => boolean = () => false,
): readonly Ranked<C>[] {
  const sorted = causes.toSorted((a, b) => Number(isFading(a)) - Number(isFading(b)) || placeOf(a) - placeOf(b));
  const explained = new Map<C, CauseName>();
  for (const each of sorted) {
    const by = sorted.find((other) => other !== each && explains(other, each, own) && !explained.has(other));
    if (by !== undefined) explained.set(each, by.verdict);
  }
  const unexplained = sorted.filter((each) => !explained.has(each));
  // A guess is read after what was seen, whatever it would be worth if it were true.
  const isGuess = ({ confidence }: C): boolean => confidence === 'possible';
  const read = unexplained.toSorted(
    (a, b) => Number(isFading(a)) - Number(isFading(b)) || Number(isGuess(a)) - Number(isGuess(b)),
  );
  return [...read, ...sorted.filter((each) => explained.has(each))].map((cause, index) => {
    const explainedBy = explained.get(cause);
    return { ...cause, rank: index + 1, ...(explainedBy === undefined ? {} : { explainedBy }) };
  });
}

function placeOf({ verdict }: Cause): number {
  return causeNames.indexOf(verdict);
}

function explains(cause: Cause, other: Cause, own: Finder): boolean {
  // What happens to the own member colours all that it sees; what happens to another one, only what is seen of that, and of the whole cluster.
  const isElsewhere = cause.member !== undefined && cause.member !== own.member;
  if (isElsewhere && other.member !== undefined && cause.member !== other.member) return false;
  if (cause.member === own.member && own.answers && cause.verdict !== 'partitioned' && other.verdict === 'quorum-lost')
    return false;
  if (bringsAbout[cause.verdict]?.includes(other.verdict) !== true) return false;
  const isMutual = bringsAbout[other.verdict]?.includes(cause.verdict) === true;
  if (!isMutual) return true;
  const surer = confidences.indexOf(other.confidence) - confidences.indexOf(cause.confidence);
  return surer === 0 ? placeOf(cause) < placeOf(other) : surer > 0;
}
