import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../store/local/durable-file.ts';
import { type GaspSummary, parseGaspManifest } from './manifest.ts';

/** Of whom the last gasps are: names as they are configured. */
export interface GaspOwner {
  readonly clusterName: string;
  readonly member: string;
}

/** One that is whole. */
export interface KeptGasp extends GaspSummary {
  /** Its folder. */
  readonly path: string;
}

/** The manifest's name in the folder of a last gasp; without it there is none. */
export const GASP_MANIFEST = 'manifest.json';

/**
 * What the names of a member's last gasps begin with. Members of several clusters may share a folder, and their names may be alike:
 * the hash tells them apart.
 */
function prefixOf({ clusterName, member }: GaspOwner): string {
  const readable = member.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 64);
  const hash = createHash('sha256')
    .update(JSON.stringify([clusterName, member]))
    .digest('hex')
    .slice(0, 12);
  return `${readable}-${hash}-`;
}

const NAME_END = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

function isOwn(name: string, owner: GaspOwner): boolean {
  const prefix = prefixOf(owner);
  return name.startsWith(prefix) && NAME_END.test(name.slice(prefix.length));
}

/** Where one is made until it is whole: hidden, and never taken for one. */
function partName(name: string): string {
  return `.${name}.part`;
}

/** Makes the place for a new one: a folder (0700) that is none yet. */
export async function beginGasp(dir: string, owner: GaspOwner, nowMs: number): Promise<{ part: string; path: string }> {
  const stamp = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const name = `${prefixOf(owner)}${stamp}-${randomBytes(4).toString('hex')}`;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const part = join(dir, partName(name));
  await mkdir(part, { mode: 0o700 });
  return { part, path: join(dir, name) };
}

/** Gives a finished one its name, in one step that outlives a power cut. Its files have been synced. */
export async function publishGasp(dir: string, { part, path }: { readonly part: string; readonly path: string }) {
  await syncFolder(part);
  await rename(part, path);
  await syncFolder(dir);
}

/** Takes away what an agent that died has left half done; only this member's. Says how many there were. */
export async function sweepParts(dir: string, owner: GaspOwner): Promise<number> {
  const left = (await namesIn(dir)).filter(
    (name) => name.startsWith('.') && name.endsWith('.part') && isOwn(name.slice(1, -'.part'.length), owner),
  );
  for (const name of left) await rm(join(dir, name), { recursive: true, force: true });
  return left.length;
}

/** Those of this member that are whole, the newest first. What cannot be understood is not among them. */
export async function ownGasps(dir: string, owner: GaspOwner): Promise<readonly KeptGasp[]> {
  const found: KeptGasp[] = [];
  for (const name of (await namesIn(dir)).filter((each) => isOwn(each, owner))) {
    const path = join(dir, name);
    const text = await readFile(join(path, GASP_MANIFEST), 'utf8').catch(() => '');
    const summary = parseGaspManifest(text);
    if (summary?.member === owner.member && summary.clusterName === owner.clusterName) found.push({ ...summary, path });
  }
  return found.toSorted((a, b) => b.endedAtMs - a.endedAtMs || (a.path < b.path ? 1 : -1));
}

/**
 * Takes away the older ones of the same member when there are more than `keep`: of the same member id in the same cluster, so that
 * what was kept of a member before it was replaced, or whose ids are not known, stays. Never `newest`. Gives what it took away.
 */
export async function keepNewest(
  dir: string,
  owner: GaspOwner,
  newest: KeptGasp,
  keep: number,
): Promise<readonly string[]> {
  const { memberId, clusterId } = newest;
  if (memberId === undefined || clusterId === undefined) return [];
  const older = (await ownGasps(dir, owner)).filter(
    (gasp) => gasp.path !== newest.path && gasp.memberId === memberId && gasp.clusterId === clusterId,
  );
  const gone = older.slice(Math.max(0, keep - 1)).map(({ path }) => path);
  for (const path of gone) await rm(path, { recursive: true });
  if (gone.length > 0) await syncFolder(dir);
  return gone;
}

async function namesIn(dir: string): Promise<readonly string[]> {
  return await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
