import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Subtree } from '../../backup/restore/prefix/subtree.ts';
import { AgentError } from '../../cluster/agent-error.ts';
import { setFlag } from '../config-flags.ts';
import type { LiveFlags } from './live-config.ts';
import { parseRevision } from './point.ts';

/** Of a restore into a live cluster, as the command line says it. */
export interface PrefixFlags extends LiveFlags {
  readonly prefix?: string;
  readonly literalPrefix?: string;
  readonly undo?: string;
  readonly apply?: boolean;
  readonly deleteExtra?: boolean;
  readonly withLeased?: boolean;
  readonly liveRevision?: bigint;
  readonly otherCluster?: boolean;
  readonly undoFile?: string;
  readonly workDir?: string;
  readonly list?: number;
}

const DEFAULT_LISTED = 200;

/** The flags of a restore into a live cluster. */
export function prefixFlags(command: Command): Command {
  const added = command
    .optionsGroup('Into a live cluster:')
    .option('--prefix <prefix>', 'bring back what is below it (P/), or a key and what is below it (P); \\xNN is a byte')
    .option('--literal-prefix <prefix>', "the same for every key that begins so, as etcdctl's --prefix has it")
    .option('--undo <file>', 'put back what such a restore has replaced, from its undo file')
    .option('--endpoint <url>', 'client URL of a member of the live cluster (or that of --config)')
    .option('--apply', 'write it; without it only the difference is shown')
    .option('--delete-extra', 'also delete keys that were not there then')
    .option('--with-leased', 'also change keys under a lease; they get a new one of the same length')
    .option('--live-revision <n>', 'leave alone what was written to the cluster after this revision', parseRevision)
    .option('--other-cluster', 'the backup is meant to be of another cluster')
    .option('--undo-file <file>', 'where what is replaced is kept (default: ./caretaker-undo-TIME.jsonl)')
    .option('--work-dir <folder>', "for the scratch etcd, with room for two databases (default: the system's for such)")
    .option('--list <n>', `keys of each kind that are shown (default: ${DEFAULT_LISTED})`, parseCount);
  return setFlag(added);
}

/** Whether a live cluster is meant. Throws `USAGE` where the flags are of both kinds of restore. */
export function isIntoLive(flags: PrefixFlags): boolean {
  const { prefix, literalPrefix, undo } = flags;
  const named = [prefix, literalPrefix, undo].filter((value) => value !== undefined);
  const [offline, live] = [given(flags, OFFLINE), given(flags, LIVE)];
  if (named.length > 1) {
    throw usage('One of --prefix, --literal-prefix and --undo is enough.', 'Leave the others out.');
  }
  if (named.length === 0 && live !== undefined) {
    throw usage(
      `--${live} is of a restore into a live cluster.`,
      'Add --prefix P (or, for all of it, --cluster without a name), or leave it out.',
    );
  }
  if (named.length > 0 && offline !== undefined) {
    throw usage(`--${offline} is not of a restore into a live cluster.`, 'Leave it out.');
  }
  return named.length > 0;
}

/** Throws `USAGE` where a backslash begins no byte. */
export async function subtreeFrom({ prefix, literalPrefix }: PrefixFlags): Promise<Subtree> {
  const { keyOfText } = await import('../../cluster/key-text.ts');
  const { subtreeOf } = await import('../../backup/restore/prefix/subtree.ts');
  const bytes = keyOfText(literalPrefix ?? prefix ?? '');
  if (bytes === undefined) {
    throw usage('A backslash in a prefix begins a byte, \\xNN.', 'Write \\x5c for a backslash itself.');
  }
  return subtreeOf(bytes, { literal: literalPrefix !== undefined });
}

/** Where what is replaced goes. @param name of the time, as in `20260131T120000Z` */
export function undoFileOf({ undoFile }: PrefixFlags, name: string): string {
  return undoFile === undefined ? join(process.cwd(), `caretaker-undo-${name}.jsonl`) : resolve(undoFile);
}

/** How many keys of each kind are shown. */
export function listedOf({ list }: PrefixFlags): number {
  return list ?? DEFAULT_LISTED;
}

const OFFLINE = [
  'data-dir',
  'wal-dir',
  'output',
  'name',
  'initial-cluster',
  'initial-advertise-peer-urls',
  'quarantine',
  'bump-revision',
] as const;
const LIVE = [
  'endpoint',
  'set',
  'apply',
  'delete-extra',
  'with-leased',
  'live-revision',
  'other-cluster',
  'undo-file',
  'work-dir',
  'list',
] as const;

/** The first of these flags that was given. */
function given(flags: PrefixFlags, names: readonly string[]): string | undefined {
  const keyOf = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return names.find((name) => Reflect.get(flags, keyOf(name)) !== undefined);
}

function parseCount(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of keys, 0 to 9999999.');
  return Number(text);
}

function usage(message: string, remedy: string): AgentError {
  return new AgentError('USAGE', message, { remedy });
}
