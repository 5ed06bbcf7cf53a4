import type { Command } from 'commander';
import { AgentError } from '../../cluster/agent-error.ts';
import { type AgentOptions, agentOptions, agentsOf } from '../agent-options.ts';
import { askOne } from '../any-agent.ts';
import { carryOut, type WishJson } from '../recover/carry-out.ts';
import { type PointFlags, pointOf } from './point.ts';

/** Of a restore of a whole running cluster in place, as the command line says it. */
export interface InPlaceFlags extends AgentOptions {
  readonly lost?: readonly string[];
}

/** Adds the flags of a restore of a whole running cluster in place, which `--cluster` without a name asks for. */
export function inPlaceFlags(command: Command): Command {
  const grouped = command
    .optionsGroup('The whole running cluster in place (--cluster without a name):')
    .option('--lost <name>', 'this member is gone for good, with its machine and disk; repeatable', collect);
  return agentOptions(grouped);
}

const POINTS = ['to', 'toRevision', 'toTime', 'beforeDelete'] as const;
/** `store` is one that the agents have; `apply` does it. */
const SHARED = new Set<string>([...POINTS, 'cluster', 'store', 'apply', 'format']);
const OWN = new Set(['lost', 'agent', 'dir', 'tokenFile', 'ca', 'cert', 'key']);

/** Whether the whole cluster is meant. Throws `USAGE` where the flags are of several kinds of restore. */
export function isInPlace(command: Command): boolean {
  const given = command.options.filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli');
  const isWhole = command.getOptionValue('cluster') === true;
  const foreign = given.find((option) => {
    const name = option.attributeName();
    return isWhole ? !SHARED.has(name) && !OWN.has(name) : OWN.has(name);
  });
  if (foreign === undefined) return isWhole;
  throw isWhole
    ? usage(`${foreign.long} is not of a restore of the whole cluster in place.`, 'Leave it out, or name the cluster.')
    : usage(`${foreign.long} is of a restore of the whole cluster in place.`, 'Add --cluster without a name.');
}

/**
 * Has the agents of a running cluster take all of it back to a point of a store: all members are stopped, one is restored and begins,
 * the others join it. Throws `USAGE`, and what `carryOut` throws.
 */
export async function restoreInPlace(
  flags: InPlaceFlags &
    PointFlags & { readonly store?: string; readonly apply?: boolean; readonly format: 'table' | 'json' | 'yaml' },
): Promise<void> {
  if (POINTS.every((name) => flags[name] === undefined)) {
    throw usage(
      'It is not said to which point the cluster is to go back.',
      'Give one of --to latest, --to-revision, --to-time and --before-delete.',
    );
  }
  const point = pointOf(flags);
  const wish: WishJson = {
    lost: flags.lost ?? [],
    ...(flags.store === undefined ? {} : { store: flags.store }),
    ...(point.kind === 'latest' ? { to: 'latest' } : {}),
    ...(point.kind === 'revision' ? { toRevision: String(point.revision) } : {}),
    ...(point.kind === 'time' ? { toTimeMs: point.atMs } : {}),
    ...(point.kind === 'before-delete' ? { beforeDelete: point.key.toString() } : {}),
  };
  const agents = await agentsOf(flags);
  await askOne(agents, (agent) => carryOut(agent, wish, { apply: flags.apply ?? false, output: flags.format }));
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

function usage(message: string, remedy: string): AgentError {
  return new AgentError('USAGE', message, { remedy });
}
