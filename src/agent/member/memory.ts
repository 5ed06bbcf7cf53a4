import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { AgentPlace } from '../../cluster/caretaking.ts';
import type { SeenMember } from '../../decide/boot/evidence.ts';

/** Who the own member is, and who the others are: what an agent needs to know when etcd does not answer. */
export interface RememberedMember {
  readonly clusterId: string;
  readonly memberId: string;
  /** The last list that a quorum gave. */
  readonly members: readonly SeenMember[];
  /** When a quorum first gave that list as it is, wall clock; absent: an older agent has written it down. */
  readonly listedAtMs?: number;
  /** The committed raft index of that moment, decimal; absent where it was not seen. */
  readonly listedAtIndex?: string;
  /** Where the agents answered then. */
  readonly agents: readonly AgentPlace[];
  /** It was to leave the cluster, at this time, and stays out. */
  readonly leftAtMs?: number;
  /** It was to leave because its StatefulSet was made smaller: when that is made larger again it joins as another member. */
  readonly leftBy?: 'statefulset';
}

const FORMAT = 1;
const FILE = 'member.json';
/** There from right before etcd is started with a new cluster until a quorum has answered. */
const BOOTSTRAP_FILE = 'bootstrap.json';

/**
 * What the agent remembers of its member over restarts: a file in `supervise.stateDir`, beside the data dir, which a wiped or replaced
 * data dir does not take along. Written whole or not at all.
 */
export class MemberMemory {
  readonly #file: string;
  readonly #bootstrapFile: string;
  #current: RememberedMember | undefined;
  #hasBegun: boolean;
  /** One write after the other: they share a draft. */
  #writing: Promise<void> = Promise.resolve();

  private constructor(stateDir: string, current: RememberedMember | undefined, hasBegun: boolean) {
    this.#file = join(stateDir, FILE);
    this.#bootstrapFile = join(stateDir, BOOTSTRAP_FILE);
    this.#current = current;
    this.#hasBegun = hasBegun;
  }

  /**
   * Reads what there is. Throws `MEMBER_MEMORY_UNREADABLE` where there is something that this version cannot read: whoever goes on as if
   * there were nothing could begin a second cluster.
   */
  static async open(stateDir: string): Promise<MemberMemory> {
    const file = join(stateDir, FILE);
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw unreadable(file, error.message, error);
    });
    const current = text === undefined ? undefined : parse(file, text);
    return new MemberMemory(stateDir, current, existsSync(join(stateDir, BOOTSTRAP_FILE)));
  }

  /** Undefined where it has never been a member. */
  get current(): RememberedMember | undefined {
    return this.#current;
  }

  /** It has begun a cluster with the others, and no quorum has answered yet. */
  get isBootstrapping(): boolean {
    return this.#hasBegun && this.#current === undefined;
  }

  /** Notes that a cluster is begun now; back when that is on the disk. Throws `MEMBER_MEMORY_UNWRITABLE`. */
  async begin(): Promise<void> {
    if (this.#hasBegun) return;
    await this.#write(this.#bootstrapFile, `${JSON.stringify({ format: FORMAT })}\n`);
    this.#hasBegun = true;
  }

  /** Remembers it from now on, if it is anything new; back when it is on the disk. Throws `MEMBER_MEMORY_UNWRITABLE`. */
  async remember(next: RememberedMember): Promise<void> {
    const before = this.#current;
    if (before !== undefined && asText(before) === asText(next)) return;
    await this.#write(this.#file, asText(next));
    this.#current = next;
  }

  async #write(file: string, text: string): Promise<void> {
    const mine = this.#writing.then(() => writeWhole(file, text));
    this.#writing = mine.catch(() => undefined);
    try {
      await mine;
    } catch (error) {
      throw new AgentError('MEMBER_MEMORY_UNWRITABLE', `${file} cannot be written: ${faultOf(error).message}`, {
        cause: error,
        remedy: 'Give the agent the right to write into supervise.stateDir, and see whether the disk is full.',
      });
    }
  }
}

function asText(remembered: RememberedMember): string {
  return `${JSON.stringify({ format: FORMAT, ...remembered }, undefined, 2)}\n`;
}

async function writeWhole(file: string, text: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  const parent = await open(folder, 'r');
  try {
    await parent.sync();
  } finally {
    await parent.close();
  }
}

function parse(file: string, text: string): RememberedMember {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable(file, 'it is not JSON', error);
  }
  if (!isRemembered(json)) throw unreadable(file, 'it is of another version, or damaged');
  const { format: _format, ...remembered } = json;
  return remembered;
}

function isRemembered(json: unknown): json is RememberedMember & { readonly format: number } {
  if (typeof json !== 'object' || json === null) return false;
  const { format, clusterId, memberId, members, agents, listedAtMs, listedAtIndex } = json as Partial<
    Record<string, unknown>
  >;
  return (
    format === FORMAT &&
    typeof clusterId === 'string' &&
    typeof memberId === 'string' &&
    Array.isArray(members) &&
    members.every(isListed) &&
    (listedAtMs === undefined || typeof listedAtMs === 'number') &&
    (listedAtIndex === undefined || (typeof listedAtIndex === 'string' && /^\d{1,20}$/.test(listedAtIndex))) &&
    Array.isArray(agents)
  );
}

function isListed(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  const { id, name, peerUrls, clientUrls } = json as Partial<Record<string, unknown>>;
  return typeof id === 'string' && typeof name === 'string' && Array.isArray(peerUrls) && Array.isArray(clientUrls);
}

function unreadable(file: string, why: string, cause?: unknown): AgentError {
  return new AgentError('MEMBER_MEMORY_UNREADABLE', `${file} cannot be read: ${why}`, {
    cause,
    remedy:
      'It says which member this is. See what happened to it; where the member runs, move the file away: it is written anew.',
  });
}
