import type { CertificateReading, CertificatesSection, Finding } from '../cluster/sections.ts';
import type { ListedMember } from '../etcd/types.ts';
import type { Collector } from './collector.ts';
import { hostPort, parseEndpoint } from './endpoint-url.ts';
import { KnownMembers } from './known-members.ts';
import { TlsCredentials, type TlsFiles } from './tls-credentials.ts';
import { AuthoritiesAtStart } from './x509/authorities-at-start.ts';
import { describe } from './x509/describe.ts';
import { EndpointWatch } from './x509/endpoint-watch.ts';
import { agentFileUses, distinctUses, type EtcdProcess, etcdFileUses } from './x509/file-uses.ts';
import type { ServedEndpoint } from './x509/read-endpoints.ts';
import { readUses } from './x509/read-uses.ts';
import { trustFindings } from './x509/relation-findings.ts';
import { rotationFindings } from './x509/rotation-findings.ts';
import { validityFindings } from './x509/validity-findings.ts';

export interface CertificatesOptions {
  /** TLS to the members' client URLs (`cluster.tls`). */
  readonly client?: TlsFiles;
  /** TLS to the members' peer URLs (`cluster.peerTls`). */
  readonly peer?: TlsFiles;
  /** What the agent's own server shows and trusts (`expose.tls`). */
  readonly agent?: TlsFiles;
  /** Configured client URLs: looked at even when no member list can be had, as with an expired certificate. */
  readonly endpoints: readonly string[];
  /** The newest reading of etcd's process, whose flags name its certificate files. */
  readonly etcdProcess?: () => EtcdProcess | undefined;
  /**
   * How often endpoints are asked for what they serve. Default 60 s, and at once when a file or the member list has
   * changed; files are read every round.
   */
  readonly servedEveryMs?: number;
  /** How long an endpoint may take to serve its certificate. Default 2 s. */
  readonly timeoutMs?: number;
  /**
   * How long a collection waits for endpoints. Default 150 ms; what comes later is in the next one, so that an endpoint
   * that hangs delays nothing.
   */
  readonly patienceMs?: number;
  /** Wall clock in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * Every certificate that the cluster stands on: in the agent's files, in etcd's, and as the members' client and peer
 * ports really serve them; and what is wrong with them. What cannot be read is a finding and hides nothing else.
 */
export function certificatesCollector(options: CertificatesOptions): Collector<'certificates'> {
  const { client, peer, agent, timeoutMs = 2000, servedEveryMs = 60_000, now = Date.now } = options;
  const watch = new EndpointWatch({
    client: withoutAuthorities(client),
    peer: withoutAuthorities(peer),
    serverName: { 'served-client': client?.serverName, 'served-peer': peer?.serverName },
    timeoutMs,
    everyMs: servedEveryMs,
    waitMs: options.patienceMs ?? 150,
  });
  const members = new KnownMembers();
  const authorities = new AuthoritiesAtStart();
  return {
    name: 'certificates',
    async collect(round): Promise<CertificatesSection> {
      // Without members the configured endpoints are still looked at: so it is with an expired certificate.
      const known = await members.current(round.sources).catch(() => undefined);
      const etcd = options.etcdProcess?.();
      const etcdUses = etcdFileUses(etcd);
      const uses = distinctUses([
        ...etcdUses,
        ...agentFileUses(client, 'client', ['client']),
        ...agentFileUses(peer, 'peer', ['client']),
        ...agentFileUses(agent, 'agent', ['server']),
      ]);
      const files = await readUses(
        uses,
        etcd === undefined ? undefined : { startedAtMs: etcd.startedAtMs, authorities },
      );
      const endpoints = endpointsOf(options.endpoints, known?.members ?? []);
      const basis = files.found.map(({ certificate }) => certificate.fingerprint256).join(' ');
      const served = await watch.read(endpoints, basis);
      const found = [...files.found, ...served.found];
      const own = known?.members.find(({ id }) => id === known.ownId);
      return {
        certificates: withoutRepeats(found.map(describe)),
        findings: worstFirst([
          ...validityFindings(found, now()),
          ...trustFindings(found),
          ...rotationFindings(found, new Set(etcdUses.map(({ path }) => path)), {
            'served-client': new Set(hostPorts(own?.clientUrls)),
            'served-peer': new Set(hostPorts(own?.peerUrls)),
          }),
          ...files.findings,
          ...served.findings,
        ]),
      };
    },
    close: () => watch.close(),
  };
}

/** With authorities to trust, Node would add them to the chain as if the endpoint had served them. */
function withoutAuthorities({ cert, key }: TlsFiles = {}): TlsCredentials {
  return new TlsCredentials({ ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
}

function endpointsOf(configured: readonly string[], members: readonly ListedMember[]): readonly ServedEndpoint[] {
  const clientUrls = new Set([...configured, ...members.flatMap(({ clientUrls: urls }) => urls)]);
  const peerUrls = new Set(members.flatMap(({ peerUrls: urls }) => urls));
  return [
    ...[...clientUrls].map((url) => ({ role: 'served-client', url }) as const),
    ...[...peerUrls].map((url) => ({ role: 'served-peer', url }) as const),
  ];
}

/** A certificate twice in one file says nothing new. */
function withoutRepeats(readings: readonly CertificateReading[]): readonly CertificateReading[] {
  const byIdentity = new Map(
    readings.map((each) => [JSON.stringify([each.role, each.source, each.issuer, each.serial]), each]),
  );
  return [...byIdentity.values()];
}

/** Worst first. One file may serve several roles; what is wrong with it is said once. */
function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  const distinct = new Map(findings.map((finding) => [`${finding.code} ${finding.message}`, finding]));
  const order = ['critical', 'warning', 'info'] as const;
  return order.flatMap((severity) => [...distinct.values()].filter((finding) => finding.severity === severity));
}

function hostPorts(urls: readonly string[] | undefined): readonly string[] {
  return (urls ?? []).flatMap((url) => {
    const address = parseEndpoint(url);
    return address === undefined ? [] : [hostPort(address)];
  });
}
