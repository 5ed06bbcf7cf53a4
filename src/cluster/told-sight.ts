import { type AgentSight, type SightSections, sightOf } from './agent-sight.ts';
import type { PeerProbe, QuotaSection } from './sections.ts';
import { ownTold } from './told-own.ts';

/**
 * Reads the reply of another agent's `/api/v1/observation`, which may be of another version: a section that is not as
 * this version knows it counts as not told. Undefined where it is no observation at all. By hand: a library for schemas
 * would be the largest thing in the agent's memory.
 * @param voters of the cluster, as in `sightOf`
 */
export function sightTold(
  reply: unknown,
  voters: number,
): { readonly member: string; readonly sight: AgentSight } | undefined {
  const sections = field(reply, 'sections');
  const member = text(field(reply, 'member'));
  if (member === undefined || typeof sections !== 'object' || sections === null) return undefined;
  const told = <T>(name: string, read: (value: unknown) => T | undefined): { readonly value?: T } => {
    const value = read(field(field(sections, name), 'value'));
    return value === undefined ? {} : { value };
  };
  const known: SightSections = {
    wal: told('wal', walOf),
    quota: told('quota', quotaOf),
    process: told('process', processOf),
    filesystem: told('filesystem', filesystemOf),
    peers: told('peers', peersOf),
    keyspace: told('keyspace', keyspaceOf),
    cluster: told('cluster', clusterOf),
    certificates: told('certificates', certificatesOf),
  };
  return { member, sight: sightOf(known, voters, ownTold(field(reply, 'own'))) };
}

type Value<K extends keyof SightSections> = NonNullable<NonNullable<SightSections[K]>['value']>;

function walOf(value: unknown): Value<'wal'> {
  const inflight = field(value, 'defragInflight');
  return {
    walFsyncP99Seconds: amount(field(value, 'walFsyncP99Seconds')),
    backendCommitP99Seconds: amount(field(value, 'backendCommitP99Seconds')),
    defragInflight: typeof inflight === 'boolean' ? inflight : undefined,
    compactRevision: revision(field(value, 'compactRevision')),
  };
}

const quotaSources: readonly QuotaSection['quotaSource'][] = [
  'status',
  'metrics',
  'flag',
  'default',
  'disabled',
  'unknown',
];

function quotaOf(value: unknown): Value<'quota'> | undefined {
  const quotaSource = quotaSources.find((source) => source === field(value, 'quotaSource'));
  return quotaSource && { quotaSource, quotaBytes: amount(field(value, 'quotaBytes')) };
}

function processOf(value: unknown): Value<'process'> | undefined {
  const settings = field(value, 'settings');
  if (typeof settings !== 'object' || settings === null) return undefined;
  const all = Object.entries(settings).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { settings: Object.fromEntries(all) };
}

function certificatesOf(value: unknown): Value<'certificates'> | undefined {
  const findings = list(field(value, 'findings'))?.flatMap((one) => {
    const [code, message] = [text(field(one, 'code')), text(field(one, 'message'))];
    return code === undefined || message === undefined ? [] : { code, message };
  });
  return findings && { findings };
}

function filesystemOf(value: unknown): Value<'filesystem'> | undefined {
  const filesystems = list(field(value, 'filesystems'))?.flatMap((one) => {
    const role = (['wal', 'data'] as const).find((name) => name === field(one, 'role'));
    const availableBytes = amount(field(one, 'availableBytes'));
    return role === undefined || availableBytes === undefined ? [] : { role, availableBytes };
  });
  return filesystems && { filesystems };
}

function peersOf(value: unknown): Value<'peers'> | undefined {
  const peers = list(field(value, 'peers'))?.flatMap((one) => {
    const peerId = text(field(one, 'peerId'));
    const probes = (list(field(one, 'probes')) ?? []).flatMap((probe) => probeOf(probe) ?? []);
    const skew = field(one, 'clockSkewSeconds');
    const clockSkewSeconds = typeof skew === 'number' ? skew : undefined;
    return peerId === undefined ? [] : { peerId, probes, clockSkewSeconds };
  });
  return peers && { peers };
}

function probeOf(value: unknown): { readonly probe: PeerProbe; readonly lastSeconds?: number | undefined } | undefined {
  const probe = (['tcp', 'tls', 'http'] as const).find((name) => name === field(value, 'probe'));
  return probe && { probe, lastSeconds: amount(field(value, 'lastSeconds')) };
}

function clusterOf(value: unknown): Value<'cluster'> | undefined {
  const members = list(field(value, 'members'))?.flatMap((one) => {
    const [id, reachable] = [text(field(one, 'id')), field(one, 'reachable')];
    return id === undefined || typeof reachable !== 'boolean'
      ? []
      : { id, reachable, silentSeconds: amount(field(one, 'silentSeconds')) };
  });
  return members && { members };
}

function keyspaceOf(value: unknown): Value<'keyspace'> | undefined {
  const phase = (['waiting', 'scanning', 'current'] as const).find((name) => name === field(value, 'phase'));
  const prefixes = (list(field(value, 'prefixes')) ?? []).flatMap((one) => {
    const [prefix, bytes] = [text(field(one, 'prefix')), amount(field(one, 'bytes'))];
    return prefix === undefined || bytes === undefined ? [] : { prefix, bytes };
  });
  return phase && { phase, prefixes };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function list(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** Seconds or bytes, as the agents' API writes them: JSON has no infinity. */
function amount(value: unknown): number | undefined {
  if (value === '+Inf') return Number.POSITIVE_INFINITY;
  return typeof value === 'number' && value >= 0 ? value : undefined;
}

/** An int64 as the agents' API writes it: decimal text. */
function revision(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}
