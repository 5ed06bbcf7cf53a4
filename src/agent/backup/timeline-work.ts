import { linkedAbort } from '../../abort/linked-abort.ts';
import { type DeltaStatus, DeltaStream } from '../../backup/delta/delta-stream.ts';
import { runMerging } from '../../backup/delta/run-merging.ts';
import type { DeltaTold } from '../../backup/delta/told.ts';
import { decryptionFromFiles } from '../../backup/key-files.ts';
import { claimPlace, placeOf } from '../../backup/store/claim.ts';
import { storeAt } from '../../backup/store/place.ts';
import { type Store, StoreError } from '../../backup/store/store.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import type { Term } from '../../journal/term.ts';
import { Fulls } from './fulls.ts';
import type { BackupKeeperOptions } from './options.ts';
import { deltaSpool, encryptionOf, pieceIntervalMs, uploadIntervalMs } from './settings.ts';
import type { BackupTally } from './tally.ts';
import { withFulls } from './with-fulls.ts';

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
  await Promise.all(options.stores.map((store) => claimPlace(store, owner, member, signal)));
  const stores = options.stores.map((store) => storeAt(store, placeOf(owner)));
  const cipher = await encryptionOf(config);
  const isOn = { full: config.full.mode === 'auto', delta: config.delta.mode === 'auto' };
  const fulls = isOn.full ? new Fulls({ keeper, stores, timeline, epoch: term.epoch, memberId, tally }) : undefined;
  const destinations = stores.map((store) => ({
    store,
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
          protectedAuthRevision: () => fulls?.newest?.authRevision,
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
  const decryption =
    config.encryption.identityFile === undefined
      ? undefined
      : await decryptionFromFiles([config.encryption.identityFile]);
  const merging = stores.map(
    (store) => (until: AbortSignal) =>
      runMerging(
        {
          store,
          epoch: () => term.epoch,
          ...(cipher === undefined ? {} : { cipher }),
          ...(decryption === undefined
            ? {}
            : { decrypt: (source) => decryption.decrypt(source, { object: 'a segment' }) }),
          tell: (outcome) => {
            if (outcome instanceof StoreError) events.onFault(`merging segments in ${store.url}`, outcome);
          },
        },
        until,
      ),
  );
  const works = [
    ...(stream === undefined ? [] : [(until: AbortSignal) => stream.run(until), ...merging]),
    ...(fulls === undefined ? [] : [(until: AbortSignal) => fulls.run(until)]),
  ];
  await together(works, signal);
}

/** All of them until one fails, or until the signal is aborted; none goes on after it has come back. */
async function together(works: readonly ((signal: AbortSignal) => Promise<void>)[], signal: AbortSignal) {
  const link = linkedAbort([signal]);
  const running = works.map((work) => work(link.signal));
  try {
    await Promise.all(running);
  } finally {
    link.abort();
    await Promise.allSettled(running);
    link.release();
  }
}

function heard(
  told: DeltaTold,
  { keeper, fulls, tally }: { keeper: BackupKeeperOptions; fulls: Fulls | undefined; tally: BackupTally },
): void {
  const { events } = keeper;
  switch (told.kind) {
    case 'chain-broken': {
      const { from, to } = told.lost;
      const message = `Revisions ${from} to ${to} are in no segment of ${told.store}: etcd had ${told.reason} them. A full snapshot is taken at once.`;
      events.onFault('capturing every change', new AgentError('BACKUP_CHAIN_BROKEN', message));
      tally.failedWith('delta', 'BACKUP_CHAIN_BROKEN');
      fulls?.lost(to);
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
