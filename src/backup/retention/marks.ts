import * as z from 'zod';
import { AgentError } from '../../cluster/agent-error.ts';
import { type FullEntry, readCatalogue } from '../chain/catalogue.ts';
import { parseName } from '../names.ts';
import { type Store, StoreError } from '../store/store.ts';
import { unlessDenied } from './unless-denied.ts';

const HOLDS = 'holds/';
const VERIFIED = 'verified/';
const BROKEN = 'broken/';

/** What people and checks have said of chains, by the ids of their full snapshots. */
export interface ChainMarks {
  /** Nothing of these is taken away. */
  readonly held: ReadonlySet<string>;
  /** Were read back or restored, and found whole. */
  readonly verified: ReadonlySet<string>;
  /** Were read back and found damaged: they take no place of a chain that may be whole. */
  readonly broken: ReadonlySet<string>;
}

/** Why a chain is held. */
export interface Hold {
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
}

/** How a chain was found whole. */
export interface Verification {
  /** `hashes`: read back and compared; `restored`: restored for real. */
  readonly by: 'hashes' | 'restored';
  readonly atMs: number;
}

const time = z.iso.datetime().transform((text) => Date.parse(text));
const holdSchema = z.object({ reason: z.string(), by: z.string(), at: time });
const verificationSchema = z.object({ by: z.enum(['hashes', 'restored']), at: time });

/** Key of the mark that holds a chain. */
export function holdKey(id: string): string {
  return `${HOLDS}${id}.json`;
}

/** The chain that a mark is of; undefined where the object is none. */
export function parseMark(
  key: string,
): { readonly kind: 'hold' | 'verified' | 'broken'; readonly id: string } | undefined {
  const match = /^(holds|verified|broken)\/([0-9a-z]+)\.json$/.exec(key);
  if (match === null) return undefined;
  const [, folder, id = ''] = match;
  if (folder === 'holds') return { kind: 'hold', id };
  return { kind: folder === 'broken' ? 'broken' : 'verified', id };
}

/** Why a chain is held; undefined where it is not. Throws `MARK_UNREADABLE`, and what the store does. */
export async function readHold(store: Store, id: string, signal?: AbortSignal): Promise<Hold | undefined> {
  const found = await readMark(store, holdKey(id), holdSchema, signal);
  return found === undefined ? undefined : { reason: found.reason, by: found.by, atMs: found.at };
}

/** How a chain was found whole; undefined where nobody has looked. Throws `MARK_UNREADABLE`, and what the store does. */
export async function readVerification(
  store: Store,
  id: string,
  signal?: AbortSignal,
): Promise<Verification | undefined> {
  const found = await readMark(store, verifiedKey(id), verificationSchema, signal);
  return found === undefined ? undefined : { by: found.by, atMs: found.at };
}

/** Reads all marks: three listings, and no object. Throws what the store does. */
export async function readMarks(store: Store, signal?: AbortSignal): Promise<ChainMarks> {
  const ids = { hold: new Set<string>(), verified: new Set<string>(), broken: new Set<string>() };
  for (const prefix of [HOLDS, VERIFIED, BROKEN]) {
    for await (const { key } of store.list(prefix, {}, signal)) {
      const mark = parseMark(key);
      if (mark !== undefined) ids[mark.kind].add(mark.id);
    }
  }
  const { hold: held, verified, broken } = ids;
  // What was found whole later has no mark that it is broken, unless nobody may take one away.
  return { held, verified: new Set([...verified].filter((id) => !broken.has(id))), broken };
}

/** When a chain was last found whole, by the store's clock, ms since 1970; undefined where none ever was. Throws what the store does. */
export async function lastVerifiedMs(store: Store, signal?: AbortSignal): Promise<number | undefined> {
  let lastMs: number | undefined;
  for await (const { key, modifiedAtMs } of store.list(VERIFIED, {}, signal)) {
    if (parseMark(key) !== undefined && modifiedAtMs > (lastMs ?? 0)) lastMs = modifiedAtMs;
  }
  return lastMs;
}

/**
 * Holds a chain, until it is released. Throws `CHAIN_UNKNOWN` where there is none, also where it was taken away at that moment,
 * and what the store does.
 */
export async function hold(store: Store, id: string, why: Hold, signal?: AbortSignal): Promise<void> {
  await requireChain(store, id, signal);
  const text = { ...why, atMs: undefined, at: new Date(why.atMs).toISOString() };
  await store.put(holdKey(id), Buffer.from(`${JSON.stringify(text, undefined, 2)}\n`), {}, signal);
  // Whoever prunes takes the manifest first, and then looks whether there is a hold: so either it sees this one, and puts the
  // manifest back, or this sees what it took.
  await requireChain(store, id, signal).catch(async (error: unknown) => {
    await release(store, id, signal);
    throw error;
  });
}

/** Lets a chain go the way of the others again. Throws what the store does. */
export async function release(store: Store, id: string, signal?: AbortSignal): Promise<void> {
  await store.remove(holdKey(id), signal);
}

/** Says that a chain was found whole, whatever was found before. Throws what the store does. */
export async function markVerified(
  store: Store,
  id: string,
  { by, atMs }: Verification,
  signal?: AbortSignal,
): Promise<void> {
  const text = `${JSON.stringify({ by, at: new Date(atMs).toISOString() }, undefined, 2)}\n`;
  await store.put(verifiedKey(id), Buffer.from(text), {}, signal);
  if ((await store.head(brokenKey(id), signal)) !== undefined) {
    await unlessDenied(() => store.remove(brokenKey(id), signal));
  }
}

/**
 * Says that a chain was found damaged, and is verified no more: retention lets it take no place of another one. It deletes nothing.
 * Throws what the store does.
 * @param why in the words of whoever found it
 */
export async function markBroken(
  store: Store,
  id: string,
  { why, atMs }: { readonly why: string; readonly atMs: number },
  signal?: AbortSignal,
): Promise<void> {
  const text = `${JSON.stringify({ why, at: new Date(atMs).toISOString() }, undefined, 2)}\n`;
  await store.put(brokenKey(id), Buffer.from(text), {}, signal);
  await unlessDenied(() => unmarkVerified(store, id, signal));
}

/** Takes that back: it is broken now. Throws what the store does. */
export async function unmarkVerified(store: Store, id: string, signal?: AbortSignal): Promise<void> {
  await store.remove(verifiedKey(id), signal);
}

/**
 * The chain that a person means: by the id of its full snapshot, or by its revision, of several the newest. Throws
 * `CHAIN_UNKNOWN`, and what the store does.
 */
export async function findChain(store: Store, named: string, signal?: AbortSignal): Promise<FullEntry> {
  const { fulls } = await readCatalogue(store, signal);
  const revision = /^\d{1,19}$/.test(named) ? BigInt(named) : undefined;
  const found = fulls.find(({ name }) => name.id === named) ?? fulls.findLast(({ name }) => name.revision === revision);
  if (found === undefined) throw unknownChain(store, named);
  return found;
}

async function readMark<T>(
  store: Store,
  key: string,
  schema: z.ZodType<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of store.get(key, undefined, signal)) pieces.push(piece);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_NOT_FOUND') return undefined;
    if (error instanceof StoreError && error.code === 'STORE_COLD') throw unreadable(store, key, error);
    throw error;
  }
  try {
    return schema.parse(JSON.parse(Buffer.concat(pieces).toString('utf8')));
  } catch (cause) {
    throw unreadable(store, key, cause);
  }
}

function unreadable({ url }: Store, key: string, cause: unknown): AgentError {
  return new AgentError('MARK_UNREADABLE', `The mark ${key} in ${url} cannot be read.`, {
    remedy: 'It counts all the same. Look at what is in it, and mark the chain anew.',
    cause,
  });
}

function brokenKey(id: string): string {
  return `${BROKEN}${id}.json`;
}

function verifiedKey(id: string): string {
  return `${VERIFIED}${id}.json`;
}

async function requireChain(store: Store, id: string, signal: AbortSignal | undefined): Promise<void> {
  for await (const { key } of store.list('full/', {}, signal)) {
    const name = parseName(key);
    if (name?.kind === 'full' && name.id === id) return;
  }
  throw unknownChain(store, id);
}

function unknownChain({ url }: Store, named: string): AgentError {
  return new AgentError('CHAIN_UNKNOWN', `There is no chain ${named} in ${url}.`, {
    remedy: 'Run `backup list`: it shows the ids and revisions of all chains.',
  });
}
