import type { MemberClient } from '../etcd/member-client.ts';
import type { TxnChange } from '../etcd/txn.ts';
import { guardedTxn } from '../journal/guarded-txn.ts';
import type { JournalKeys } from '../journal/keys.ts';
import { encodeEpoch } from '../journal/records/epoch.ts';
import { encodeRecord } from '../journal/records/format.ts';
import { encodeSpare } from '../journal/records/spare.ts';
import type { JournalSnapshot, SpareEpoch } from '../journal/snapshot.ts';
import type { Term } from '../journal/term.ts';
import { newestClaim } from './spare-claims.ts';

/** A recovery takes one, and one more for each agent that dies over it. */
const EPOCHS_AHEAD = 8;

/** A recovery of five members takes about 14 steps. */
const STEPS = 24;

/** So often somebody can say `resume` while nothing can be put. */
const RESUME_TOKENS = 4;

/** Etcd takes 128 changes in one transaction unless it is told otherwise. */
const MOST_CHANGES = 120;

/**
 * Whether the stock of spare epochs is not what it should be: some are used, the stored epoch has come up to them, or
 * members have joined or left. @param memberIds of all members
 */
export function sparesMissing(snapshot: JournalSnapshot, memberIds: readonly string[]): boolean {
  if (snapshot.epoch === undefined) return false;
  return (
    newestClaim(snapshot) !== undefined ||
    snapshot.resumeTokens.length < RESUME_TOKENS ||
    wanted(snapshot.epoch, snapshot, memberIds).length > 0
  );
}

/** For whom spare epochs are made. */
export interface SpareStock {
  /** Of all members. */
  readonly memberIds: readonly string[];
  /** `lead.ttl`: by this one all go who claim them, or wait for a claim. */
  readonly ttlMs: number;
}

/**
 * Brings the stock of spare epochs up to what it should be: for each of the eight epochs after the stored one a key for every
 * member, of which a claim takes one away, and 24 steps; and four tokens that say `resume` by going. Where a spare epoch was claimed the stored one is raised to it
 * first, and nothing else is done: that ends all terms, and the next leader goes on from there. Throws `TERM_LOST`,
 * `JOURNAL_UNCERTAIN`, or what etcd refuses with (`ETCD_NOSPACE`).
 */
export async function replenishSpares(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  snapshot: JournalSnapshot,
  { memberIds, ttlMs }: SpareStock,
  signal?: AbortSignal,
): Promise<void> {
  const { epoch } = snapshot;
  if (epoch === undefined) return;
  const claim = newestClaim(snapshot);
  if (claim !== undefined) {
    await raise(client, keys, term, snapshot, claim.epoch, signal);
    return;
  }
  const value = encodeSpare({ members: memberIds, ttlMs });
  const outdated = [keys.spareEpochs(0n, epoch + 1n), keys.spareEpochs(epoch + BigInt(EPOCHS_AHEAD) + 1n)].map(
    ({ key, rangeEnd }): TxnChange => ({ delete: key, rangeEnd }),
  );
  const tokens = Array.from({ length: RESUME_TOKENS }, (_, index) => keys.resumeToken(index));
  let changes: readonly TxnChange[] = [
    ...outdated,
    ...tokens.map((key) => ({ put: key, value })),
    ...resumedMeanwhile(keys, snapshot),
  ];
  let witness: Buffer | undefined = tokens[0];
  const write = async (): Promise<void> => {
    if (witness === undefined) return;
    await guardedTxn(client, term, { compare: [], changes, witness: { key: witness, value } }, signal);
  };
  for (const spare of wanted(epoch, snapshot, memberIds)) {
    const more = changesFor(keys, spare, memberIds, value);
    if (witness !== undefined && changes.length + more.length > MOST_CHANGES) {
      await write();
      changes = [];
    }
    changes = [...changes, ...more];
    witness = keys.spareStep(spare.epoch, 0);
  }
  await write();
}

/** A token that has gone said \`resume\` to those who watched; here it is written down for those who did not. */
function resumedMeanwhile(keys: JournalKeys, { resumeTokens }: JournalSnapshot): readonly TxnChange[] {
  // Where there is none at all they may never have been laid by.
  if (resumeTokens.length === 0 || resumeTokens.length === RESUME_TOKENS) return [];
  const value = encodeRecord({ by: 'somebody, while etcd was full', atMs: Date.now() });
  return [{ put: keys.resumed, value }];
}

async function raise(
  client: MemberClient,
  keys: JournalKeys,
  term: Term,
  { epochRevision }: JournalSnapshot,
  to: bigint,
  signal: AbortSignal | undefined,
): Promise<void> {
  const value = encodeEpoch(to);
  const { key, rangeEnd } = keys.spareEpochs(0n, to + 1n);
  await guardedTxn(
    client,
    term,
    {
      compare: [{ key: keys.epoch, modRevision: epochRevision }],
      changes: [
        { put: keys.epoch, value },
        { delete: key, rangeEnd },
      ],
      witness: { key: keys.epoch, value },
    },
    signal,
  );
}

/** The spare epochs that are to be written: absent, incomplete, or made for other members. */
function wanted(epoch: bigint, { spares }: JournalSnapshot, memberIds: readonly string[]): readonly SpareEpoch[] {
  return Array.from({ length: EPOCHS_AHEAD }, (_, index) => epoch + BigInt(index) + 1n)
    .map((number) => spares.find((spare) => spare.epoch === number) ?? empty(number))
    .filter((spare) => spare.steps.length < STEPS || spare.missing.length > 0 || !sameMembers(spare, memberIds));
}

function empty(epoch: bigint): SpareEpoch {
  return { epoch, members: [], missing: [], steps: [] };
}

function sameMembers({ members }: SpareEpoch, memberIds: readonly string[]): boolean {
  return members.length === memberIds.length && memberIds.every((memberId) => members.includes(memberId));
}

function changesFor(
  keys: JournalKeys,
  { epoch, members }: SpareEpoch,
  memberIds: readonly string[],
  value: Buffer,
): readonly TxnChange[] {
  const left = members.filter((memberId) => !memberIds.includes(memberId));
  return [
    ...left.map((memberId) => ({ delete: keys.spareEpoch(epoch, memberId) })),
    ...memberIds.map((memberId) => ({ put: keys.spareEpoch(epoch, memberId), value })),
    ...Array.from({ length: STEPS }, (_, index) => ({ put: keys.spareStep(epoch, index), value })),
  ];
}
