import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CertificatesSection } from '../../src/cluster/sections.ts';
import { type CertificatesOptions, certificatesCollector } from '../../src/observe/certificates.ts';
import type { Collector, Round } from '../../src/observe/collector.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../real/certificates.ts';
import { type RealCluster, startCluster } from '../real/cluster.ts';
import { freePort } from '../real/ports.ts';
import { membersOf, roundOf, roundWithoutMember } from './member-sources.ts';
import { asEtcd, startFakePeer } from './peer-probe/fake-peer.ts';
import { issueUnusual } from './x509/issue.ts';

const dayMs = 24 * 3600 * 1000;
const open: Collector<'certificates'>[] = [];
let folder: string;
let authority: KeyPair;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-certificates-'));
  authority = await createAuthority(folder);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((collector) => collector.close?.()));
  await rm(folder, { recursive: true });
});

const collectorWith = (options: Partial<CertificatesOptions>): Collector<'certificates'> => {
  const collector = certificatesCollector({ endpoints: [], patienceMs: 10_000, ...options });
  open.push(collector);
  return collector;
};

/** One reading, by default without any member to ask. */
const readOnce = async (
  options: Partial<CertificatesOptions>,
  round: Round = roundWithoutMember(),
): Promise<CertificatesSection> => await collectorWith(options).collect(round);

const codes = ({ findings }: CertificatesSection): readonly string[] =>
  findings.map(({ code, severity }) => `${severity} ${code}`);

describe('files', () => {
  test('every certificate is read with its role, names and dates, and good ones give no finding', async () => {
    const pair = await issueCertificate(folder, authority, 'client', { commonName: 'caretaker' });
    const section = await readOnce({ client: { ca: authority.cert, ...pair } });
    expect(section.findings).toEqual([]);
    expect(section.certificates).toMatchObject([
      { role: 'client-ca', source: authority.cert, subject: 'CN=ca', issuer: 'CN=ca' },
      {
        role: 'client',
        source: pair.cert,
        subject: 'CN=caretaker',
        issuer: 'CN=ca',
        sans: ['localhost', '127.0.0.1', '0:0:0:0:0:0:0:1'],
      },
    ]);
    const [, client] = section.certificates;
    expect((client?.notAfterMs ?? 0) - (client?.notBeforeMs ?? 0)).toBe(20 * dayMs);
  });

  test('a bundle gives each of its certificates, and a broken one among them hides no other', async () => {
    const other = await createAuthority(folder, 'other');
    const bundle = join(folder, 'bundle.crt');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const texts = await Promise.all([authority.cert, other.cert].map((path) => readFile(path, 'utf8')));
    await writeFile(bundle, texts.join(broken));
    const section = await readOnce({ client: { ca: bundle } });
    expect(section.certificates.map(({ subject }) => subject)).toEqual(['CN=ca', 'CN=other']);
    expect(codes(section)).toEqual(['warning CERT_FILE_INVALID']);
  });

  test('missing, empty and garbage files are findings that name the file, and hide no other', async () => {
    const garbage = join(folder, 'garbage.crt');
    await writeFile(garbage, 'not a certificate');
    const missing = join(folder, 'missing.crt');
    const section = await readOnce({ client: { ca: authority.cert }, peer: { ca: missing }, agent: { ca: garbage } });
    expect(section.certificates.map(({ role }) => role)).toEqual(['client-ca']);
    expect(codes(section)).toEqual(['critical CERT_FILE_UNREADABLE', 'critical CERT_FILE_INVALID']);
    expect(section.findings[0]?.message).toBe(`${missing} cannot be read: ENOENT: no such file or directory.`);
    expect(section.findings[1]?.message).toContain(garbage);
  });

  test('expired, expiring and not yet valid certificates are told apart', async () => {
    const pair = await issueCertificate(folder, authority, 'client', { days: 20 });
    const at = async (days: number): Promise<readonly string[]> =>
      codes(await readOnce({ client: pair, now: () => Date.now() + days * dayMs }));
    expect(await at(10)).toEqual([]);
    expect(await at(16.5)).toEqual(['warning CERT_EXPIRING']);
    expect(await at(17.5)).toEqual(['critical CERT_EXPIRING']);
    expect(await at(21)).toEqual(['critical CERT_EXPIRED']);
    expect(await at(-1)).toEqual(['critical CERT_NOT_YET_VALID']);
  });

  test('an expired authority beside a valid one is a warning, one that stands alone is critical', async () => {
    const expired = await issueUnusual(folder, authority, 'old', { days: -1 });
    const bundle = join(folder, 'bundle.crt');
    await writeFile(bundle, (await readFile(authority.cert, 'utf8')) + (await readFile(expired.cert, 'utf8')));
    expect(codes(await readOnce({ client: { ca: bundle } }))).toEqual(['warning CERT_EXPIRED']);
    expect(codes(await readOnce({ client: { ca: expired.cert } }))).toEqual(['critical CERT_EXPIRED']);
  });

  test('one expiring authority in three files is one finding that names them', async () => {
    const copy = join(folder, 'copy.crt');
    await copyFile(authority.cert, copy);
    const section = await readOnce({
      client: { ca: authority.cert },
      peer: { ca: copy },
      agent: { ca: authority.cert },
      now: () => Date.now() + 29 * dayMs,
    });
    expect(codes(section)).toEqual(['critical CERT_EXPIRING']);
    expect(section.findings[0]?.message).toContain(`(${authority.cert}, ${copy})`);
  });

  test('a key that does not belong to the certificate, or cannot be read, is a finding without what is in it', async () => {
    const pair = await issueCertificate(folder, authority, 'client');
    const other = await issueCertificate(folder, authority, 'other');
    expect(codes(await readOnce({ client: { cert: pair.cert, key: other.key } }))).toEqual([
      'critical CERT_KEY_MISMATCH',
    ]);
    const garbage = join(folder, 'secret.key');
    await writeFile(garbage, 'hunter2');
    const section = await readOnce({ client: { cert: pair.cert, key: garbage } });
    expect(codes(section)).toEqual(['critical CERT_FILE_INVALID']);
    expect(JSON.stringify(section)).not.toContain('hunter2');
  });

  test('weak keys and signatures, and missing purposes, are findings', async () => {
    const weak = await issueUnusual(folder, authority, 'weak', { rsaBits: 1024, digest: 'sha1' });
    const section = await readOnce({ client: weak });
    expect(codes(section)).toEqual(['warning CERT_WEAK']);
    expect(section.findings[0]?.message).toMatch(/its key has 1024 bits, and it is signed with .*SHA1/i);
    const serverOnly = await issueUnusual(folder, authority, 'server-only', { usage: 'serverAuth' });
    expect(codes(await readOnce({ client: serverOnly }))).toEqual(['critical CERT_PURPOSE']);
    expect(codes(await readOnce({ agent: serverOnly }))).toEqual([]);
  });

  test("etcd's own files are read too, each file once for each role", async () => {
    const server = await issueCertificate(folder, authority, 'server');
    const peer = await issueUnusual(folder, authority, 'peer', { usage: 'serverAuth' });
    const settings = {
      'cert-file': server.cert,
      'key-file': peer.key,
      'peer-cert-file': peer.cert,
      'peer-key-file': peer.key,
      'peer-trusted-ca-file': authority.cert,
    };
    const section = await readOnce({
      peer: { ca: authority.cert, ...peer },
      etcdProcess: () => ({ pid: process.pid, startedAtMs: Date.now(), settings }),
    });
    expect(section.certificates.map(({ role }) => role)).toEqual(['server', 'peer', 'peer-ca']);
    expect(codes(section).toSorted()).toEqual(['critical CERT_KEY_MISMATCH', 'critical CERT_PURPOSE']);
  });

  test('a peer certificate for servers only is fine where etcd has another one for its client side', async () => {
    const peer = await issueUnusual(folder, authority, 'peer', { usage: 'serverAuth' });
    const peerClient = await issueUnusual(folder, authority, 'peer-client', { usage: 'clientAuth' });
    const settings = { 'peer-cert-file': peer.cert, 'peer-client-cert-file': peerClient.cert };
    const section = await readOnce({ etcdProcess: () => ({ pid: process.pid, startedAtMs: Date.now(), settings }) });
    expect(section.certificates.map(({ role, subject }) => [role, subject])).toEqual([
      ['peer', 'CN=peer'],
      ['peer', 'CN=peer-client'],
    ]);
    expect(section.findings).toEqual([]);
  });

  test('a certificate that etcd cannot trust is a finding', async () => {
    const other = await createAuthority(folder, 'other');
    const client = await issueCertificate(folder, other, 'client');
    const settings = { 'trusted-ca-file': authority.cert };
    const section = await readOnce({
      client,
      etcdProcess: () => ({ pid: process.pid, startedAtMs: Date.now(), settings }),
    });
    expect(codes(section)).toEqual(['critical CERT_CA_MISMATCH']);
    expect(section.findings[0]?.message).toContain('--trusted-ca-file');
  });
});

describe('endpoints', () => {
  test('a certificate for another host is seen, also while no member answers', async () => {
    const pair = await issueUnusual(folder, authority, 'elsewhere', { names: 'DNS:etcd-7.example' });
    await using server = await startFakePeer(asEtcd(), {
      tls: { cert: await readFile(pair.cert), key: await readFile(pair.key) },
    });
    const section = await readOnce({ endpoints: [server.url] });
    expect(section.certificates).toMatchObject([{ role: 'served-client', source: `127.0.0.1:${server.port}` }]);
    expect(codes(section)).toEqual(['warning CERT_NAME_MISMATCH']);
  });

  test('an expired certificate that an endpoint serves is seen', async () => {
    const pair = await issueUnusual(folder, authority, 'expired', { days: -1 });
    await using server = await startFakePeer(asEtcd(), {
      tls: { cert: await readFile(pair.cert), key: await readFile(pair.key) },
    });
    expect(codes(await readOnce({ endpoints: [server.url] }))).toEqual(['critical CERT_EXPIRED']);
  });

  test('an endpoint from another authority than the one that the agent trusts is seen', async () => {
    const other = await createAuthority(folder, 'other');
    const pair = await issueCertificate(folder, other, 'server');
    await using server = await startFakePeer(asEtcd(), {
      tls: { cert: await readFile(pair.cert), key: await readFile(pair.key) },
    });
    const section = await readOnce({ endpoints: [server.url], client: { ca: authority.cert } });
    expect(codes(section)).toEqual(['critical CERT_CA_MISMATCH']);
  });

  test('an intermediate authority that the endpoint serves completes the chain', async () => {
    const intermediate = await issueUnusual(folder, authority, 'intermediate', { isAuthority: true });
    const pair = await issueCertificate(folder, intermediate, 'leaf');
    const chain = Buffer.concat([await readFile(pair.cert), await readFile(intermediate.cert)]);
    await using server = await startFakePeer(asEtcd(), { tls: { cert: chain, key: await readFile(pair.key) } });
    const section = await readOnce({ endpoints: [server.url], client: { ca: authority.cert } });
    expect(section.certificates.map(({ role, subject }) => [role, subject])).toEqual([
      ['client-ca', 'CN=ca'],
      ['served-client', 'CN=leaf'],
      ['served-client', 'CN=intermediate'],
    ]);
    expect(section.findings).toEqual([]);
  });

  test('TLS to a plain port is a finding, an endpoint that is down is not: others say that', async () => {
    await using plain = await startFakePeer(asEtcd());
    const https = plain.url.replace('http:', 'https:');
    expect(codes(await readOnce({ endpoints: [https] }))).toEqual(['warning TLS_HANDSHAKE_FAILED']);
    const dead = `https://127.0.0.1:${await freePort()}`;
    expect(await readOnce({ endpoints: [dead, plain.url] })).toEqual({ certificates: [], findings: [] });
  });
});

/** The collector beside the first member, as the agent wires it. */
const besideFirst = (cluster: RealCluster, startedAtMs: number): Collector<'certificates'> => {
  const { ca = '', cert = '', key = '', serverCert = '', peerCert = '', peerKey = '' } = cluster.certs ?? {};
  const settings = {
    'cert-file': serverCert,
    'trusted-ca-file': ca,
    'peer-cert-file': peerCert,
    'peer-trusted-ca-file': ca,
  };
  return collectorWith({
    client: { ca, cert, key },
    peer: { ca, cert: peerCert, key: peerKey },
    endpoints: cluster.endpoints,
    etcdProcess: () => ({ pid: cluster.members[0]?.pid ?? 0, startedAtMs, settings }),
  });
};

describe.each(['3.4', '3.5'] as const)('a real cluster of etcd %s under mTLS', (version) => {
  test('what all members serve is shown, without a trace in their logs', async () => {
    await using cluster = await startCluster({ members: 3, tls: 'mtls', version });
    const section = await besideFirst(cluster, Date.now()).collect(roundOf(membersOf(cluster), 'm1'));
    expect(section.findings).toEqual([]);
    const served = (role: string): readonly string[] =>
      section.certificates.filter((each) => each.role === role).map(({ source, subject }) => `${source} ${subject}`);
    expect(served('served-client')).toEqual(cluster.members.map((m) => `${new URL(m.endpoint).host} CN=server`));
    expect(served('served-peer')).toEqual(cluster.members.map((m) => `${new URL(m.peerUrl).host} CN=peer`));
    for (const member of cluster.members) {
      expect(member.log()).not.toContain('rejected connection');
    }
  });

  test('a new certificate on disk is served at once; a new authority is not in use, and that is said', async () => {
    await using cluster = await startCluster({ members: 1, tls: 'mtls', version });
    const { ca = '', serverCert = '', serverKey = '' } = cluster.certs ?? {};
    const round = roundOf(membersOf(cluster), 'm1');
    const collector = besideFirst(cluster, Date.now() - 3_600_000);
    const serials = async (): Promise<readonly string[]> =>
      (await collector.collect(round)).certificates
        .filter(({ role }) => role === 'server' || role === 'served-client')
        .map(({ serial }) => serial);
    const before = await serials();
    expect(new Set(before).size).toBe(1);
    const renewed = await issueCertificate(cluster.folder, { cert: ca, key: cluster.certs?.caKey ?? '' }, 'renewed');
    await copyFile(renewed.cert, serverCert);
    await copyFile(renewed.key, serverKey);
    const after = await serials();
    expect(new Set(after).size).toBe(1);
    expect(after[0]).not.toBe(before[0]);
    const { findings } = await collector.collect(round);
    expect(findings.map(({ code }) => code)).toEqual(['CERT_CA_WRITTEN_LATER']);
  });

  test('a certificate without its key breaks the handshake, and both sides of that are said', async () => {
    await using cluster = await startCluster({ members: 1, tls: 'mtls', version });
    const { ca = '', caKey = '', serverCert = '' } = cluster.certs ?? {};
    const renewed = await issueCertificate(cluster.folder, { cert: ca, key: caKey }, 'renewed');
    await copyFile(renewed.cert, serverCert);
    const section = await besideFirst(cluster, Date.now()).collect(roundOf(membersOf(cluster), 'm1'));
    expect(codes(section)).toEqual(['warning TLS_HANDSHAKE_FAILED']);
  });
});

test('what answers on the own address with another certificate than the one in the file is a finding', async () => {
  const [inFile, served] = [
    await issueCertificate(folder, authority, 'in-file'),
    await issueCertificate(folder, authority, 'served'),
  ];
  await using server = await startFakePeer(asEtcd(), {
    tls: { cert: await readFile(served.cert), key: await readFile(served.key) },
  });
  const own = { id: 'a', name: 'm1', peerUrls: [], clientUrls: [server.url], isLearner: false };
  const section = await readOnce(
    {
      etcdProcess: () => ({ pid: process.pid, startedAtMs: Date.now(), settings: { 'cert-file': inFile.cert } }),
    },
    roundOf([own], 'a'),
  );
  expect(codes(section)).toEqual(['warning CERT_NOT_SERVED']);
});
