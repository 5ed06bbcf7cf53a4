import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFailed, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { startWriteLoad } from '../../chaos/write-load.ts';
import { askOverSocket, TOKEN } from '../../healing/tended-member.ts';
import { etcdVersion, findBinaries } from '../../real/binaries.ts';
import { freePort } from '../../real/ports.ts';
import { makeUnit, removeUnit, systemctl, type UnitForm, type UnitOfEtcd } from './etcd-units.ts';

const soon = { timeout: 240_000, interval: 200 };
const root = '/var/lib/caretaker-upgrade';
const versions = join(root, 'versions');
const main = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');
const [older, newer, ending, silent] = [etcdVersion('3.4'), etcdVersion('3.5'), '3.5.98', '3.5.99'];
const programOf = (version: string): string => join(versions, version, 'etcd');

/** Each member is the unit of other people. */
const forms: readonly UnitForm[] = ['flags', 'environment-file', 'config-file'];

/** Says that it is the version, takes all flags, and does not serve. */
const badEtcd = (version: string, instead: string): string => `#!/bin/sh
for each; do last=$each; done
[ "$last" = --version ] && echo 'etcd Version: ${version}' && exit 0
${instead}
`;
const bad = {
  [ending]: `echo '{"level":"fatal","msg":"it does not come up"}' >&2; exit 1`,
  [silent]: 'exec sleep 1000',
};

interface Member extends UnitOfEtcd {
  readonly agentUrl: string;
  readonly socket: string;
  readonly agentLog: string;
  readonly agent: ChildProcess;
}

describe('three units of a real systemd with etcd 3.4 and the agents beside them', { timeout: 300_000 }, () => {
  const members: Member[] = [];

  beforeAll(async () => {
    for (const line of ['3.4', '3.5'] as const) {
      mkdirSync(versions, { recursive: true });
      // The user of the units cannot go into the folders of whoever runs the tests.
      execFileSync('cp', ['-r', dirname(findBinaries(line).etcd), join(versions, etcdVersion(line))]);
    }
    for (const [version, instead] of Object.entries(bad)) {
      mkdirSync(join(versions, version));
      writeFileSync(programOf(version), badEtcd(version, instead), { mode: 0o755 });
    }
    const plans = [];
    for (const [index, form] of forms.entries()) {
      const unit = await makeUnit({
        name: `m${index + 1}`,
        line: '3.4',
        form,
        begin: {},
        service: ['Restart=always', 'RestartSec=5s'],
        linkTo: programOf(older),
      });
      plans.push({ unit, agentPort: await freePort() });
    }
    const peers = plans.map(({ unit, agentPort }) => `${unit.name}=${unit.peerUrl} http://127.0.0.1:${agentPort}`);
    for (const { unit, agentPort } of plans) {
      members.push(
        startAgent(
          unit,
          agentPort,
          plans.map((each) => each.unit.clientUrl),
          peers,
        ),
      );
    }
    await untilFit(members, newer);
  }, 300_000);

  afterAll(async () => {
    // Agents first, or they would start etcd again.
    await Promise.all(members.map(({ agent }) => ended(agent)));
    for (const { unit } of members) removeUnit(unit);
    rmSync(root, { recursive: true, force: true });
  });

  test.each([
    { how: 'ends', version: ending, said: /\(it has ended.*it does not come up.*the version before serves again/ },
    { how: 'says nothing', version: silent, said: /the version before serves again/ },
  ])('run 3.4 again where the new version $how at the first of them', async ({ version, said }) => {
    tellLogs(members);
    await untilFit(members, version);
    const before = members.map(mainPid);
    const agents = agentPids(members);
    await request(members, version, { rehearse: false });
    const upgrade = await endOfUpgrade(members);

    expect(upgrade).toMatchObject({ outcome: 'stopped', code: 'VERSION_NOT_SERVING' });
    expect(upgrade.summary).toContain(`0 of 3 members run ${version}`);
    expect(upgrade.summary).toMatch(said);
    await vi.waitFor(() => untilRunning(members, older), soon);
    const touched = members.filter((member, index) => mainPid(member) !== before[index]);
    expect(touched).toHaveLength(1);
    expect(agentPids(members)).toEqual(agents);
  });

  test('run 3.5 in the end, without another agent, and no write that was acknowledged is lost', async () => {
    tellLogs(members);
    await untilFit(members, newer);
    const before = members.map(mainPid);
    const agents = agentPids(members);
    const load = startWriteLoad(members.map(({ clientUrl }) => clientUrl));
    await request(members, newer, { rehearse: true });
    const upgrade = await endOfUpgrade(members);

    expect(await load.close()).toEqual([]);
    expect(load.acknowledged).toBeGreaterThan(0);
    expect(upgrade).toMatchObject({
      outcome: 'succeeded',
      summary: `3 of 3 members were brought to ${newer}: all voters run it.`,
    });
    await untilRunning(members, newer);
    for (const [index, member] of members.entries()) expect(mainPid(member)).not.toBe(before[index]);
    expect(agentPids(members)).toEqual(agents);
  });
});

function startAgent(
  unit: UnitOfEtcd,
  agentPort: number,
  endpoints: readonly string[],
  peers: readonly string[],
): Member {
  const folder = join(root, unit.name);
  mkdirSync(folder, { recursive: true });
  const [config, tokenFile] = [join(folder, 'agent.yaml'), join(folder, 'token')];
  const [socket, agentLog] = [join(folder, 'agent.sock'), join(folder, 'agent.log')];
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
  writeFileSync(
    config,
    stringify({
      member: { name: unit.name, endpoint: unit.clientUrl, peerUrl: unit.peerUrl, dataDir: unit.dataDir },
      cluster: { name: 'upgraded', endpoints, peers },
      observe: { interval: '1s', deadline: '900ms' },
      maintenance: { armAfter: '0s', defrag: { settle: '1s' } },
      backup: { store: `file://${root}/backups`, full: { schedule: '0 0 1 1 *' } },
      supervise: {
        kind: 'systemd',
        stateDir: join(folder, 'state'),
        systemd: { unit: unit.unit },
        versions: { folder: versions, link: unit.etcd },
      },
      operate: { pauseFile: join(folder, 'pause') },
      expose: { listen: `127.0.0.1:${agentPort}`, socket, auth: { tokenFile } },
    }),
  );
  const log = openSync(agentLog, 'a');
  const agent = spawn(process.execPath, [main, 'agent', '--config', config], { stdio: ['ignore', log, log] });
  closeSync(log);
  return { ...unit, agentUrl: `http://127.0.0.1:${agentPort}`, socket, agentLog, agent };
}

async function ended(agent: ChildProcess): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  agent.once('exit', () => resolve());
  agent.kill('SIGKILL');
  await promise;
}

/** Those of the agents that run: one that has ended has none. */
function agentPids(members: readonly Member[]): readonly (number | undefined)[] {
  return members.map(({ agent }) => (agent.exitCode === null && agent.signalCode === null ? agent.pid : undefined));
}

function property(name: string, unit: string): string {
  return systemctl('show', `--property=${name}`, '--value', unit).trim();
}

function mainPid({ unit }: Member): string {
  return property('MainPID', unit);
}

/** Every unit is active, and etcd and the link and what is beside it say that this version runs. */
async function untilRunning(members: readonly Member[], version: string): Promise<void> {
  for (const member of members) {
    expect(property('ActiveState', member.unit)).toBe('active');
    expect(readlinkSync(member.etcd)).toBe(programOf(version));
    expect(readlinkSync(`/proc/${mainPid(member)}/exe`)).toBe(programOf(version));
    expect(await served(member)).toBe(version);
    expect(readdirSync(dirname(member.etcd)).filter((name) => name.startsWith('etcd.'))).toEqual([]);
    expect(existsSync(`/etc/systemd/system/${member.unit}.d/zz-etcd-caretaker-hold.conf`)).toBe(false);
  }
}

async function served({ name, clientUrl }: Member): Promise<string> {
  const client = new MemberClient({ member: name, endpoint: clientUrl, callTimeoutMs: 3000 });
  try {
    return (await client.status()).version;
  } finally {
    client.close();
  }
}

async function post({ agentUrl }: Member, body: object): Promise<Response> {
  return await fetch(`${agentUrl}/api/v1/operations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ by: 'a test', ...body }),
  });
}

/** Until the agent that leads would bring them to a version: all of them are seen to be well. */
async function untilFit(members: readonly Member[], to: string): Promise<void> {
  await vi.waitFor(async () => {
    const { leader } = (await askOverSocket(members[0]?.socket ?? '', '/api/v1/decisions')) as {
      readonly leader?: { readonly member: string };
    };
    const leading = members.find(({ name }) => name === leader?.member);
    if (leading === undefined) throw new Error('no agent leads');
    const reply = await post(leading, { operation: 'upgrade', to, dryRun: true });
    expect(await reply.json()).toMatchObject({ decision: 'act' });
  }, soon);
}

async function request([first]: readonly Member[], to: string, more: object): Promise<void> {
  if (first === undefined) throw new Error('there is no member');
  const reply = await post(first, { operation: 'upgrade', member: null, to, ...more });
  expect(`${reply.status} ${await reply.text()}`).toMatch(/^202 /);
}

interface Ended {
  readonly id: string;
  readonly operation: string;
  readonly outcome: string;
  readonly code?: string;
  readonly summary: string;
}

const told = new Set<string>();

/** The end of the upgrade that no test has seen yet. */
async function endOfUpgrade([first]: readonly Member[]): Promise<Ended> {
  return await vi.waitFor(async () => {
    const { history = [] } = (await askOverSocket(first?.socket ?? '', '/api/v1/operations')) as {
      readonly history?: readonly Ended[];
    };
    const found = history.find(({ id, operation }) => operation === 'upgrade' && !told.has(id));
    if (found === undefined) throw new Error('the upgrade has not ended');
    told.add(found.id);
    return found;
  }, soon);
}

/** The container is gone when a person looks. */
function tellLogs(members: readonly Member[]): void {
  onTestFailed(() => {
    for (const { name, agentLog } of members)
      console.log(`--- ${name}\n${readFileSync(agentLog, 'utf8').slice(-3000)}`);
  });
}
