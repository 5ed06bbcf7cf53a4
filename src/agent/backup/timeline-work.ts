import { within } from '../../abort/linked-abort.ts';
import { type DeltaStatus, DeltaStream } from '../../backup/delta/delta-stream.ts';
import type { MergerOptions } from '../../backup/delta/merge.ts';
import { runMerging } from '../../backup/delta/run-merging.ts';
import type { ChainBreak } from '../../backup/delta/spool.ts';
import type { DeltaTold } from '../../backup/delta/told.ts';
import { decryptionFromFiles } from '../../backup/key-files.ts';
import { ReadAgain } from '../../backup/read-again.ts';
import type { Tidied, TidyPlan } from '../../backup/retention/tidy.ts';
import { claimPlace, type Followed, type PlaceOwner, placeOf } from '../../backup/store/claim.ts';
import { ClaimedStore } from '../../backup/store/claimed-store.ts';
import { storeAt } from '../../backup/store/place.ts';
import { type Store, StoreError } from '../../backup/store/store.ts';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { Term } from '../../journal/term.ts';
import { isClaimFault } from './full-faults.ts';
import { Fulls } from './fulls.ts';
import { type HousekeepingOptions, runHousekeeping } from './housekeeping.ts';
import type { BackupKeeperOptions } from './options.ts';
import { deltaSpool, encryptionSource, pieceIntervalMs, tidyPolicy, uploadIntervalMs } from './settings.ts';
import type { BackupTally } from './tally.ts';
import { together } from './together.ts';
import { withFulls } from './with-fulls.ts';

/** How long a store may take to answer before the work begins without it. */
const CLAIM_MS = 5_000;

/** How far changes are stored, with what full snapshots hold; undefined where they are not captured. */
export function storedStatus(work: TimelineWork | undefined): DeltaStatus | undefined {
  return work?.stream === undefined ? undefined : withFulls(work.stream.status, work.fulls?.revisions ?? []);
}

/** What works on a timeline now. */
export interface TimelineWork {
  readonly timeline: string;
  readonly stream: DeltaStream | undefined;
  readonly fulls: Fulls | undefined;
}

export interface WorkOptions {
  readonly keeper: BackupKeeperOptions;
  /** The whole of each. */
  readonly stores: readonly Store[];
  readonly term: Term;
  readonly timeline: string;
  /** The history that it goes on from, which is said in the claim; undefined where it is the first one. */
  readonly follows?: Followed;
  /** It was there before this agent's work on it began: what has been stored of it should be there too. */
  readonly stood: boolean;
  /** Hears of each store that has nothing of a timeline that stood: it was emptied, is not mounted, or is new. */
  readonly emptied: (fault: AgentError) => void;
  readonly tally: BackupTally;
  /** Told once everything is open. */
  readonly begun: (work: TimelineWork) => void;
}

/**
 * Backs a timeline up until the signal is aborted: claims its place in every store, then captures changes, takes full snapshots
 * and merges segments, each beside the others. Rejects with `STORE_CLAIMED` or `CLAIM_UNREADABLE` where nothing may be written,
 * with `TIMELINE_FORKED` where another timeline must be begun, and with what else went wrong, after which it may be tried again.
 */
export async function workOnTimeline(options: WorkOptions, signal: AbortSignal): Promise<void> {
  const { keeper, term, timeline, tally } = options;
  const { client, config, clusterName, member, events } = keeper;
  const { header, version } = await client.status(signal);
  const { clusterId, memberId } = header;
  const owner = { clusterId, clusterName, timeline };
  const stores = await claimedPlaces(options, owner, signal);
  const cipher = encryptionSource(config, (error) => events.onFault('reading the recipients of backups', error));
  // What cannot be encrypted for anybody is not begun.
  await cipher?.();
  const isOn = { full: config.full.mode === 'auto', delta: config.delta.mode === 'auto' };
  const encryption = cipher === undefined ? {} : { encryption: cipher };
  const fulls = isOn.full
    ? new Fulls({ ...{ keeper, stores, timeline, clusterId, epoch: term.epoch, memberId, tally }, ...encryption })
    : undefined;
  const destinations = stores.map((store) => ({
    store,
    readBackShare: config.verify.share,
    intervalMs: uploadIntervalMs(config, store.kind),
    ...(cipher === undefined ? {} : { cipher }),
  }));
  const stream = isOn.delta
    ? await DeltaStream.open(
        {
          client,
          facts: () => ({ ...owner, member, memberId, etcdVersion: version, epoch: term.epoch }),
          spool: deltaSpool(config),
          destinations,
          intervalMs: pieceIntervalMs(destinations.map(({ intervalMs }) => intervalMs)),
          maxPieceBytes: config.delta.maxBytes,
          maxObjectBytes: config.delta.maxBytes,
          protectedAuthRevision: () => fulls?.authRevision,
          tell: (told) => heard(told, { keeper, fulls, tally }),
        },
        signal,
      )
    : undefined;
  for (const file of stream?.putAside ?? []) {
    const message = `A piece of the spool was damaged; it is ${file} now, and what it held is read from etcd again.`;
    events.onFault('reading the spool', new AgentError('SPOOL_DAMAGED', message));
  }
  options.begun({ timeline, stream, fulls });
  const decrypt = decryptOf(keeper);
  const merging = stores.map(
    (store) => (until: AbortSignal) =>
      runMerging(
        {
          store,
          epoch: () => term.epoch,
          ...(cipher === undefined ? {} : { cipher }),
          ...(decrypt === undefined ? {} : { decrypt }),
          tell: (outcome) => {
            if (outcome instanceof StoreError) events.onFault(`merging segments in ${store.url}`, outcome);
          },
        },
        until,
      ),
  );
  const { mode } = config.retention;
  const tidying = stores.map((store) => (until: AbortSignal) => {
    const tell: HousekeepingOptions['tell'] = (outcome) => tidied(outcome, store, keeper);
    return runHousekeeping({ store, policy: tidyPolicy(config), mode, tell }, until);
  });
  const works = [
    ...tidying,
    ...(stream === undefined ? [] : [(until: AbortSignal) => stream.run(until), ...merging]),
    ...(fulls === undefined ? [] : [(until: AbortSignal) => fulls.run(until)]),
  ];
  await together(works, signal);
}

/**
 * The place of a timeline in each store. One that is away is claimed when it is back, before anything else is asked of it;
 * meanwhile the others get what is theirs. Rejects where one is claimed by somebody else, as far as it has answered.
 */
async function claimedPlaces(
  { stores, stood, follows, emptied, keeper: { member } }: WorkOptions,
  owner: PlaceOwner,
  signal: AbortSignal,
): Promise<readonly Store[]> {
  return await Promise.all(
    stores.map(async (store) => {
      const onNew = (): void => {
        if (stood) emptied(placeEmpty(store, owner));
      };
      const as = follows === undefined ? owner : { ...owner, follows };
      const claimed = new ClaimedStore((until) => claimPlace(store, as, member, until, onNew));
      await within([signal], CLAIM_MS, (asking) => claimed.claim(asking)).catch((error: unknown) => {
        if (isClaimFault(faultOf(error)) || signal.aborted) throw error;
      });
      return claimed.of(storeAt(store, placeOf(owner)));
    }),
  );
}

/** Nothing that was stored there before is there: whoever believes that it is must hear of it. */
function placeEmpty({ url }: Store, owner: PlaceOwner): AgentError {
  const message = `${url} held nothing of ${placeOf(owner)}, a timeline that is older than that: it begins there anew.`;
  return new AgentError('BACKUP_PLACE_EMPTY', message, {
    remedy: 'Nothing, where the store is new in backup.store. Else see whether it is mounted, or who emptied it.',
  });
}

/** What merging reads encrypted segments with; without an identity that can be read they stay as they are. */
function decryptOf({ config, events }: BackupKeeperOptions): MergerOptions['decrypt'] {
  const { identityFile } = config.encryption;
  if (identityFile === undefined) return undefined;
  const onTrouble = (error: unknown): void => events.onFault('reading the identity of backups', error);
  const identity = new ReadAgain(identityFile, (path) => decryptionFromFiles([path]), onTrouble);
  identity.now().catch(onTrouble);
  return async function* (source) {
    yield* (await identity.now()).decrypt(source, { object: 'a segment' });
  };
}

function tidied(outcome: Tidied | TidyPlan | StoreError, { url }: Store, { events }: BackupKeeperOptions): void {
  if (outcome instanceof StoreError) {
    events.onFault(`taking away what retention does not keep in ${url}`, outcome);
    return;
  }
  if ('retention' in outcome) {
    const { retention, cooling, uploads } = outcome;
    const going = retention.objects.filter(({ keep }) => !keep);
    // The keys are many; `backup prune --dry-run` says them, with reasons.
    events.log('retention in plan mode: this would go', {
      ...{ store: url, chains: [...new Set(going.flatMap(({ chain = [] }) => chain))] },
      ...{ remove: going.length, removeBytes: retention.removedBytes },
      ...{ moveToCold: cooling.length, abandonedUploads: uploads.length },
    });
    return;
  }
  const { pruned, cooled, uploads } = outcome;
  events.log('retention', {
    ...{ store: url, removed: pruned.removed.length, removedBytes: pruned.removedBytes, denied: pruned.denied.length },
    ...{ movedToCold: cooled.cooled.length, refusedByCold: cooled.refused.length, abandonedUploads: uploads },
  });
}

const WHY_LOST: Readonly<Record<ChainBreak['reason'], string>> = {
  compacted: 'etcd had compacted them',
  'left-out': 'the watch left them out',
  'no-room': 'it was away, and the spool had no more room for them',
};

function heard(
  told: DeltaTold,
  { keeper, fulls, tally }: { keeper: BackupKeeperOptions; fulls: Fulls | undefined; tally: BackupTally },
): void {
  const { events } = keeper;
  switch (told.kind) {
    case 'chain-broken': {
      const { from, to } = told.lost;
      const message = `Revisions ${from} to ${to} are in no segment of ${told.store}: ${WHY_LOST[told.reason]}. A full snapshot is taken at once.`;
      // Each of them is news, also where the one before was of the same kind.
      events.onFault(
        `capturing revisions ${from} to ${to} for ${told.store}`,
        new AgentError('BACKUP_CHAIN_BROKEN', message),
      );
      tally.failedWith('delta', 'BACKUP_CHAIN_BROKEN');
      fulls?.lost(told.store, told.lost);
      return;
    }
    case 'auth-changed':
      events.log('users or roles were changed: a full snapshot is taken', { from: told.from, to: told.to });
      fulls?.authChanged(told.to);
      return;
    case 'stored':
      tally.succeeded('delta', { revision: told.range.to, bytes: told.bytes });
      return;
    case 'store-failed':
      tally.failedWith('delta', told.code);
      events.onFault(
        `bringing changes to ${told.store}`,
        new AgentError(told.code, `${told.store} did not take them.`),
      );
      return;
    case 'spool-full': {
      const message = `The spool holds ${told.bytes} of ${told.maxBytes} bytes, since a store does not take them: nothing more is captured.`;
      tally.failedWith('delta', 'SPOOL_FULL');
      events.onFault('capturing every change', new AgentError('SPOOL_FULL', message));
      return;
    }
    case 'spool-free':
      events.log('the spool takes changes again');
      return;
    case 'spooled':
      tally.changed();
  }
}
