import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, isIPv4 } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../../../src/expose/registry.ts';
import { type ServerOptions, startServer } from '../../../src/expose/server.ts';
import { PeerAgents, type PeerAgentsOptions } from '../../../src/observe/peer-agent.ts';
import { fullObservation, observationWith } from '../../expose/support/full-observation.ts';
import { scriptedPorts } from '../../expose/support/scripted-ports.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../real/certificates.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const m1 = { memberId: '8e9e05c52164694d', member: 'm1' };
const signal = new AbortController().signal;
/** An address of this machine that is not loopback, where it has one. */
const outside = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, address }) => !internal && isIPv4(address))?.address;

function peers(options: Partial<PeerAgentsOptions> = {}): PeerAgents {
  return new PeerAgents({ tls: {}, memberUrls: () => [], timeoutMs: 20_000, ...options });
}

/** A real server of an agent; the observation is by hand. */
async function agent(options: Partial<ServerOptions> = {}): Promise<number> {
  const observation = options.observation ?? (() => fullObservation);
  const server = await startServer({
    listen: { host: '127.0.0.1', port: 0 },
    registry: createRegistry({ observation }),
    closeGraceMs: 200,
    caretaking: scriptedPorts(),
    ...options,
    observation,
  });
  cleanups.push(() => server.close());
  return server.address.port;
}

async function strange(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('another agent on this machine', () => {
  it('says what it observes, and what it decides', async () => {
    const url = `http://127.0.0.1:${await agent()}`;
    const { observation, localPause } = await peers().observation({ ...m1, url }, signal);
    expect(observation.sections.cluster?.value?.raftTerm).toBe(7n);
    expect(localPause).toContain('bob');
    const { decisions, leaderEpoch } = await peers().decisions({ ...m1, url: `${url}/` }, signal);
    expect(leaderEpoch).toBe(12n);
    expect(decisions.map(({ policy }) => policy)).toEqual(['defrag', 'compaction']);
  });

  it('is not taken for the one beside another member, by the id of the member or else by its name', async () => {
    const url = `http://127.0.0.1:${await agent()}`;
    const wrong = { code: 'PEER_AGENT_WRONG_MEMBER', member: 'm2' };
    await expect(peers().observation({ memberId: 'x', member: 'm2', url }, signal)).rejects.toMatchObject(wrong);
    const blind = `http://127.0.0.1:${await agent({ observation: () => observationWith({ member: undefined }) })}`;
    await expect(peers().observation({ ...m1, url: blind }, signal)).resolves.toBeDefined();
    await expect(peers().observation({ ...m1, member: 'm2', url: blind }, signal)).rejects.toMatchObject(wrong);
  });

  it.each<[string, RequestListener, string]>([
    ['no JSON', (_, response) => response.end('<html>'), 'its answer is not JSON'],
    ['an error', (_, response) => response.writeHead(503).end('{}'), 'HTTP status 503'],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), '302'],
    ['far too much', (_, response) => response.end(JSON.stringify('x'.repeat(100_000))), 'larger than 65536 bytes'],
    [
      'half of it',
      (_, response) => response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
      '',
    ],
  ])('that answers %s is not read', async (_, answer, why) => {
    const url = await strange(answer);
    const reading = peers({ largestReplyBytes: 65_536 }).observation({ ...m1, url }, signal);
    await expect(reading).rejects.toMatchObject({
      code: 'PEER_AGENT_UNREACHABLE',
      message: expect.stringContaining(why),
    });
  });

  it('that answers something else is a fault of its own', async () => {
    const url = await strange((_, response) => response.end('{"member":"m1"}'));
    await expect(peers().observation({ ...m1, url }, signal)).rejects.toMatchObject({ code: 'PEER_AGENT_ANSWER' });
    await expect(peers().decisions({ ...m1, url }, signal)).rejects.toMatchObject({ code: 'PEER_AGENT_ANSWER' });
  });

  it('that says nothing is waited for no longer than the time-out, or than anybody waits', async () => {
    const hangs = await strange(() => undefined);
    const trickles = await strange((_, response) => response.write('{'));
    for (const url of [hangs, trickles]) {
      const late = peers({ timeoutMs: 100 }).observation({ ...m1, url }, signal);
      await expect(late).rejects.toMatchObject({ message: expect.stringContaining('no answer in time') });
      const gone = new AbortController();
      const reading = peers().observation({ ...m1, url }, gone.signal);
      gone.abort(new Error('nobody waits'));
      await expect(reading).rejects.toThrow('nobody waits');
    }
  });

  it('that is not there is said to be so', async () => {
    await expect(peers().fetch('http://127.0.0.1:1', '/x', signal)).rejects.toMatchObject({
      code: 'PEER_AGENT_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('the URL of another agent', () => {
  const memberUrls = () => ['https://m2.example:2379', 'https://[fd00::1]:2380', 'unix://x', 'garbage'];

  it.each([
    ['http://m2.example:9379', 'its URL is not https'],
    ['http://10.0.0.1:9379', 'its URL is not https'],
    ['https://evil.example:9379', 'no member of the cluster is listed'],
    ['https://m2.example.evil:9379', 'no member of the cluster is listed'],
    ['https://127.0.0.1.evil.example:9379', 'no member of the cluster is listed'],
    ['https://ada:pw@m2.example:9379', 'what it gave as its URL is none'],
    ['unix:///run/x.sock', 'what it gave as its URL is none'],
    ['file:///etc/passwd', 'what it gave as its URL is none'],
    ['', 'what it gave as its URL is none'],
    ['https://m2.example:9379', 'without expose.tls.clientCa'],
    ['https://[fd00::1]:9379', 'without expose.tls.clientCa'],
  ])('%j is not asked: %s', async (url, why) => {
    const refused = peers({ memberUrls }).fetch(url, '/api/v1/observation', signal);
    await expect(refused).rejects.toMatchObject({ code: 'PEER_AGENT_REFUSED', message: expect.stringContaining(why) });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('pw') });
  });
});

describe('TLS between agents', () => {
  let folder: string;
  let authority: KeyPair;
  let mine: KeyPair;
  let theirs: KeyPair;
  let elsewhere: KeyPair;
  let stranger: KeyPair;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'caretaker-peers-'));
    authority = await createAuthority(folder);
    const other = await createAuthority(folder, 'other');
    const names = `DNS:localhost,IP:127.0.0.1${outside === undefined ? '' : `,IP:${outside}`}`;
    [mine, theirs, elsewhere, stranger] = await Promise.all([
      issueCertificate(folder, authority, 'mine'),
      issueCertificate(folder, authority, 'theirs', { names }),
      issueCertificate(folder, authority, 'elsewhere', { names: 'DNS:elsewhere.example' }),
      issueCertificate(folder, other, 'stranger', { names }),
    ]);
    return () => rm(folder, { recursive: true, force: true });
  });

  it.skipIf(outside === undefined)('reads an agent on an address that others reach, by both certificates', async () => {
    const host = outside ?? '';
    const port = await agent({ listen: { host, port: 0 }, tls: { ...theirs, clientCa: authority.cert } });
    const url = `https://${host}:${port}`;
    const memberUrls = () => [`https://${host}:2379`];
    const tls = { ...mine, clientCa: authority.cert };
    const { observation } = await peers({ tls, memberUrls }).observation({ ...m1, url }, signal);
    expect(observation.member).toBe('m1');
    const anonymous = peers({ tls: { clientCa: authority.cert }, memberUrls });
    await expect(anonymous.fetch(url, '/api/v1/observation', signal)).rejects.toMatchObject({
      message: expect.stringContaining('HTTP status 401'),
    });
  });

  it('believes only a certificate of the CA, and only for the host of the URL', async () => {
    const tls = { ...mine, clientCa: authority.cert };
    for (const [shown, why] of [
      [elsewhere, /altnames|does not match/i],
      [stranger, /self-signed|unable to verify|issuer/i],
    ] as const) {
      const url = `https://127.0.0.1:${await agent({ tls: { ...shown, clientCa: authority.cert } })}`;
      await expect(peers({ tls }).fetch(url, '/api/v1/observation', signal)).rejects.toMatchObject({
        code: 'PEER_AGENT_UNREACHABLE',
        message: expect.stringMatching(why),
      });
    }
    const url = `https://localhost:${await agent({ listen: { host: 'localhost', port: 0 }, tls: theirs })}`;
    await expect(peers({ tls }).fetch(url, '/api/v1/observation', signal)).resolves.toBeDefined();
  });

  it.skipIf(outside === undefined)('shows a renewed certificate without a restart', async () => {
    const copy = { cert: join(folder, 'renewed.crt'), key: join(folder, 'renewed.key') };
    const put = async (pair: KeyPair): Promise<void> => {
      await copyFile(pair.cert, copy.cert);
      await copyFile(pair.key, copy.key);
    };
    const host = outside ?? '';
    const url = `https://${host}:${await agent({ listen: { host, port: 0 }, tls: { ...theirs, clientCa: authority.cert } })}`;
    const reader = peers({ tls: { ...copy, clientCa: authority.cert }, memberUrls: () => [`https://${host}:2379`] });
    await put(stranger);
    await expect(reader.fetch(url, '/api/v1/observation', signal)).rejects.toMatchObject({
      message: expect.stringContaining('HTTP status 401'),
    });
    await put(mine);
    await expect(reader.fetch(url, '/api/v1/observation', signal)).resolves.toBeDefined();
  });

  it('says that its own files cannot be used', async () => {
    const tls = { ...mine, clientCa: join(folder, 'none.crt') };
    await expect(peers({ tls }).fetch('https://127.0.0.1:1', '/x', signal)).rejects.toMatchObject({
      code: 'TLS_FILES',
    });
  });
});
