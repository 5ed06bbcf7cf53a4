import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ClusterOptions, type RealCluster, startCluster } from '../../real/cluster.ts';
import { type RunningAgent, runningAgent } from '../running-agent.ts';
import { type ActingAgents, actingAgents, patience } from './acting-agents.ts';

const password = 'so secret';

let cluster: RealCluster | undefined;
let acting: ActingAgents | undefined;

afterEach(async () => {
  await acting?.[Symbol.asyncDispose]();
  await cluster?.close();
});

/** Agents beside all members, leading. */
async function agentsOn(
  options: ClusterOptions,
  settings: (started: RealCluster) => Promise<Readonly<Record<string, string>>> = async () => ({}),
): Promise<ActingAgents> {
  cluster = await startCluster(options);
  acting = await actingAgents(cluster, await settings(cluster));
  await acting.leader();
  return acting;
}

/** Logs in as this user. */
async function login({ folder }: RealCluster, username: string, secret = password): Promise<Record<string, string>> {
  const passwordFile = join(folder, `${username}.password`);
  await writeFile(passwordFile, secret, { mode: 0o600 });
  return { 'cluster.auth.username': username, 'cluster.auth.passwordFile': passwordFile };
}

/** The user `caretaker`, which may do nothing but read and write the agents' own keys. */
async function addLimitedUser({ etcdctl }: RealCluster): Promise<void> {
  await etcdctl('user', 'add', `caretaker:${password}`);
  await etcdctl('role', 'add', 'own-keys');
  await etcdctl('role', 'grant-permission', 'own-keys', 'readwrite', '/etcd-caretaker/', '--prefix');
  await etcdctl('user', 'grant-role', 'caretaker', 'own-keys');
}

// What depends on etcd's version is the same with three members.
it('five members are defragmented in one sweep, the raft leader last, and their hashes agree', async () => {
  const agents = await agentsOn({ members: 5, version: '3.4' });
  const entry = await agents.done('defrag', { through: 4 });
  expect(entry.summary).toContain('5 of 5 members');
  const steps = entry.steps.map(({ name }) => name);
  expect(steps.filter((name) => name === 'defragment')).toHaveLength(5);
  expect(steps.slice(steps.lastIndexOf('move-leader'))).toEqual(['move-leader', 'defragment']);
  expect((await agents.done('hash-check')).figures['hashMismatch']).toBe(0);
});

it('one member, which has no other to stand in for it, is defragmented with consent only, and has none to compare its hash with', async () => {
  const agents = await agentsOn({ members: 1 });
  const refused = await agents.refused('defrag', 'NO_SPARE');
  expect(refused.reasons.join()).toContain('maintenance.defrag.withoutSpare');
  await agents[Symbol.asyncDispose]();
  if (cluster === undefined) throw new Error('no cluster');
  acting = await actingAgents(cluster, { 'maintenance.defrag.withoutSpare': 'true' });
  await acting.leader();
  expect((await acting.done('defrag')).summary).toContain('1 of 1 members');
  expect((await acting.run('hash-check')).outcome).toBe('refused');
});

it('an agent that may not ask for its status lets one that may lead again, though that was gone for a moment', async () => {
  cluster = await startCluster({ members: 3, auth: { rootPassword: password } });
  const [first, second] = cluster.members;
  if (first === undefined || second === undefined) throw new Error('no members');
  await addLimitedUser(cluster);
  const settings = { 'lead.ttl': '5s', 'maintenance.armAfter': '0s' };
  const limited = await runningAgent(cluster, first, { ...settings, ...(await login(cluster, 'caretaker')) });
  const asRoot = { ...settings, ...(await login(cluster, 'root')) };
  const leads = async (agent: RunningAgent): Promise<void> => {
    await vi.waitFor(() => expect(agent.observation().caretaking?.leads).toBe(true), patience);
  };
  let able = await runningAgent(cluster, second, asRoot);
  try {
    await leads(able);
    await vi.waitFor(() => expect(limited.observation().caretaking?.leader?.member).toBe(second.name), patience);
    // Longer than it waits for somebody else to lead: what counts is for how long nobody has.
    await sleep(16_000);
    await able.close();
    able = await runningAgent(cluster, second, asRoot);
    await leads(able);
    expect(limited.observation().caretaking?.leads).toBe(false);
  } finally {
    await able.close();
    await limited.close();
  }
});

describe.each(['3.4', '3.5'] as const)('etcd %s with mTLS and authentication', (version) => {
  it('is maintained with the role that it takes', async () => {
    const options = { members: 3, version, tls: 'mtls', auth: { rootPassword: password } } as const;
    const agents = await agentsOn(options, (started) => login(started, 'root'));
    expect((await agents.done('defrag')).summary).toContain('3 of 3 members');
    await agents.done('hash-check');
  });

  it('is left alone without that role, and what is missing is said', async () => {
    const options = { members: 1, version, auth: { rootPassword: password } } as const;
    const agents = await agentsOn(options, async (started) => {
      await addLimitedUser(started);
      return { 'maintenance.defrag.withoutSpare': 'true', ...(await login(started, 'caretaker')) };
    });
    let entry = await agents.run('defrag');
    // A leader that has just begun may not be armed yet.
    while (entry.reasons.join().includes('not armed')) entry = await agents.run('defrag');
    // Etcd 3.5.28 to 3.5.31 say not even their status to such a user; older ones refuse the call itself.
    expect([entry.outcome, entry.reasons.join() + entry.summary]).toEqual([
      version === '3.4' ? 'failed' : 'refused',
      expect.stringContaining(version === '3.4' ? 'permission denied' : 'how large the database is, is not known'),
    ]);
    if (version === '3.5') {
      await vi.waitFor(() => {
        const paging = agents.view(0).decisions.find(({ page }) => page === true);
        expect(paging?.reasons[0].message).toContain('permission denied');
      }, patience);
    }
  });
});
