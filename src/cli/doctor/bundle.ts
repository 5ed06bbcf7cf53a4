import type { Config } from '../../config/config.ts';
import { effectiveYaml } from '../../config/effective.ts';
import { toJson } from '../../expose/http/json.ts';
import { agentPages } from './bundle/agent-pages.ts';
import type { Archive, BundleFile } from './bundle/archive.ts';
import { etcdPages } from './bundle/etcd-pages.ts';
import { hostInventory } from './bundle/host-inventory.ts';
import { SecretFilter } from './bundle/secrets.ts';
import type { Facts } from './facts.ts';
import { secretFilesOf } from './readings/secret-files.ts';
import type { Report } from './report.ts';
import { reportText } from './report-text.ts';
import type { Target } from './target.ts';

/** What the archive is made from. */
export interface BundleParts {
  readonly target: Target;
  readonly facts: Facts;
  readonly report: Report;
  readonly signal: AbortSignal;
}

const readme = `What etcd-caretaker's doctor saw, for those who help you.

report.txt, report.json   what was checked and what was found
observation.json          what the collectors read, twice within seconds
facts.json                what the doctor read besides: URLs, grants, disk
config.yaml               the effective configuration; secrets stand in files that are only named
versions.json             of the agent, its runtime and the members
host.json                 the machine, without serial numbers and hardware addresses
etcd-metrics/             the members' own metrics pages
agent/                    metrics and status of the running agent, if it answered

No keys or values of etcd are in here. Names, addresses and paths are: look through it before you send it.
`;

/** Gathers the files, takes every secret out of them, and writes the archive. */
export async function writeBundle(
  archive: Archive,
  { target, facts, report, signal }: BundleParts,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const { config } = target.loaded;
  const [host, pages, agent, filter] = await Promise.all([
    hostInventory(),
    etcdPages(config, facts, signal),
    agentPages(config, signal),
    secretFilter(config),
  ]);
  const { observation, config: _config, ...readings } = facts;
  const files: readonly BundleFile[] = [
    { path: 'README.txt', text: readme },
    { path: 'report.txt', text: reportText(report) },
    { path: 'report.json', text: prettyJson(report) },
    { path: 'observation.json', text: prettyJson(observation) },
    { path: 'facts.json', text: prettyJson(withoutBytes(readings)) },
    { path: 'config.yaml', text: effectiveYaml(target.loaded) },
    { path: 'versions.json', text: prettyJson(versionsOf(facts)) },
    { path: 'host.json', text: prettyJson(host) },
    ...pages,
    ...agent,
  ];
  const bytes = await archive.write(
    files.map(({ path, text }) => ({ path, text: filter.clean(text) })),
    new Date(facts.nowMs),
  );
  return { files: files.length, bytes };
}

function secretFilter(config: Config): Promise<SecretFilter> {
  const token = process.env['ETCD_CARETAKER_TOKEN'];
  return SecretFilter.of(
    secretFilesOf(config).map(({ path }) => path),
    token === undefined ? [] : [token],
  );
}

function versionsOf({ observation }: Facts): unknown {
  const members = observation.sections.cluster?.value?.members ?? [];
  return {
    agent: observation.agentVersion,
    node: process.versions.node,
    openssl: process.versions.openssl,
    platform: process.platform,
    architecture: process.arch,
    etcd: Object.fromEntries(members.map(({ id, name, status }) => [name === '' ? id : name, status?.version ?? null])),
  };
}

/** int64 and infinity as the API writes them. */
function prettyJson(value: unknown): string {
  return `${JSON.stringify(JSON.parse(toJson(value)), null, 2)}\n`;
}

/** Key ranges of grants as text. */
function withoutBytes({ auth, ...rest }: Omit<Facts, 'observation' | 'config'>): unknown {
  const permissions = auth.permissions?.map(({ key, rangeEnd, ...each }) => ({
    ...each,
    key: key.toString('latin1'),
    rangeEnd: rangeEnd.toString('latin1'),
  }));
  return { ...rest, auth: permissions === undefined ? auth : { ...auth, permissions } };
}
