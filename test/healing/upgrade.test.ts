import { chmod, mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startWriteLoad } from '../chaos/write-load.ts';
import { etcdVersion, findBinaries } from '../real/binaries.ts';
import { TendedCluster, type TendedMember } from './tended-cluster.ts';
import { askOverSocket, TOKEN } from './tended-member.ts';

const soon = { timeout: 150_000, interval: 100 };
const folderOf = (line: '3.4' | '3.5'): string => dirname(findBinaries(line).etcd);

/** Says that it is a version of its own, takes all flags, and does not come up. */
const broken = `#!/bin/sh
for each; do last=$each; done
[ "$last" = --version ] && echo 'etcd Version: 3.5.99' && exit 0
echo '{"level":"fatal","msg":"it does not come up"}' >&2
exit 1
`;

describe('three members of etcd 3.4 and their agents', { timeout: 180_000 }, () => {
  let versions: string;
  let cluster: TendedCluster;
  beforeAll(async () => {
    versions = await mkdtemp(join(tmpdir(), 'caretaker-versions-'));
    for (const line of ['3.4', '3.5'] as const) await symlink(folderOf(line), join(versions, etcdVersion(line)));
    await mkdir(join(versions, '3.5.99'));
    await writeFile(join(versions, '3.5.99', 'etcd'), broken);
    await chmod(join(versions, '3.5.99', 'etcd'), 0o755);
    cluster = await TendedCluster.start({ version: '3.4', versionsFolder: versions });
    await cluster.untilWell();
    await vi.waitFor(async () => expect((await decisions(cluster)).armed).toBeDefined(), soon);
  });
  afterAll(async () => {
    await cluster.close();
    await rm(versions, { recursive: true, force: true });
  });

  const pids = (): readonly (number | undefined)[] => cluster.members.map((member) => member.etcdPid());

  test('are started again one after the other, also where the agent that leads dies meanwhile', async () => {
    const before = pids();
    const load = startWriteLoad(cluster.members.map(({ endpoint }) => endpoint));
    await cluster.request('restart');
    await vi.waitFor(async () => expect(await phase(cluster)).toBe('restart-member'), soon);
    const leading = cluster.member((await decisions(cluster)).leader?.member ?? '');
    await leading.killAgent();
    leading.startAgent();
    const ended = await endOf(cluster, 'restart');
    expect(await load.close()).toEqual([]);
    expect(ended).toMatchObject({ outcome: 'succeeded', summary: '3 of 3 members were started again.' });
    for (const [index, pid] of pids().entries()) expect(pid).not.toBe(before[index]);
  });

  test('are left as they are where a machine does not have the version', async () => {
    const before = pids();
    await cluster.request('upgrade', undefined, '3.5.98');
    expect(await endOf(cluster, 'upgrade')).toMatchObject({ outcome: 'stopped', code: 'VERSION_MISSING' });
    expect(pids()).toEqual(before);
  });

  test('go on with the version before where the new one does not come up', async () => {
    await cluster.request('upgrade', undefined, '3.5.99');
    const ended = await endOf(cluster, 'upgrade', 'VERSION_NOT_SERVING');
    expect(ended.summary).toMatch(/0 of 3 members run 3\.5\.99.*it does not come up.*the version before serves again/);
    await cluster.untilWell();
    expect(await running(cluster)).toEqual([etcdVersion('3.4'), etcdVersion('3.4'), etcdVersion('3.4')]);
    for (const { etcdLink } of cluster.members) expect(await readlink(etcdLink)).toBe(findBinaries('3.4').etcd);
  });

  test('run 3.5 in the end, and no write that was acknowledged is lost', async () => {
    await untilFit(cluster);
    const load = startWriteLoad(cluster.members.map(({ endpoint }) => endpoint));
    await cluster.request('upgrade', undefined, etcdVersion('3.5'), { rehearse: true });
    const ended = await endOf(cluster, 'upgrade', undefined);
    expect(await load.close()).toEqual([]);
    expect(load.acknowledged).toBeGreaterThan(0);
    expect(ended.summary).toBe(`3 of 3 members were brought to ${etcdVersion('3.5')}: all voters run it.`);
    expect(await running(cluster)).toEqual([etcdVersion('3.5'), etcdVersion('3.5'), etcdVersion('3.5')]);
    expect(ended.steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'snapshot',
        'prepare-upgrade',
        'rehearse-upgrade',
        'switch-version',
        'verify',
        'move-leader',
      ]),
    );
    for (const { etcdLink } of cluster.members) {
      expect(await readlink(etcdLink)).toBe(join(versions, etcdVersion('3.5'), 'etcd'));
    }
  });

  test('do not go back to 3.4 then, and the person is told why', async () => {
    await untilFit(cluster);
    await cluster.request('upgrade', undefined, etcdVersion('3.4'));
    const ended = await endOf(cluster, 'upgrade', 'VERSION_SKEW');
    expect(ended).toMatchObject({ outcome: 'refused' });
    expect(ended.reasons.join()).toContain('the way back is a restore');
  });
});

/** Until the agent that leads would take a member away: all of them are seen to be well. */
async function untilFit(cluster: TendedCluster): Promise<void> {
  await vi.waitFor(async () => {
    const { agentUrl } = cluster.member((await decisions(cluster)).leader?.member ?? '');
    const reply = await fetch(`${agentUrl}/api/v1/operations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ operation: 'restart', dryRun: true, by: 'a test' }),
    });
    expect(await reply.json()).toMatchObject({ decision: 'act' });
  }, soon);
}

interface Ended {
  readonly id: string;
  readonly operation: string;
  readonly outcome: string;
  readonly code?: string;
  readonly summary: string;
  readonly reasons: readonly string[];
  readonly steps: readonly { readonly name: string }[];
}

const told = new Set<string>();

/** The newest end of such an operation that no test has seen yet. */
async function endOf(cluster: TendedCluster, operation: string, code?: string): Promise<Ended> {
  let found: Ended | undefined;
  await vi.waitFor(async () => {
    const { history = [] } = await operations(cluster);
    found = history.find((entry) => entry.operation === operation && !told.has(entry.id));
    expect(found).toBeDefined();
  }, soon);
  if (found === undefined) throw new Error(`${operation} has not ended`);
  told.add(found.id);
  if (code !== undefined) expect(`${found.code} ${found.summary}`).toContain(code);
  return found;
}

async function operations({ members }: TendedCluster): Promise<{
  readonly history?: readonly Ended[];
  readonly slot?: { readonly phase: string };
}> {
  for (const member of members) {
    const reply = await askOverSocket(socketOf(member), '/api/v1/operations').catch(() => undefined);
    if (typeof reply === 'object' && reply !== null && 'history' in reply)
      return reply as Awaited<ReturnType<typeof operations>>;
  }
  return {};
}

async function phase(cluster: TendedCluster): Promise<string | undefined> {
  return (await operations(cluster)).slot?.phase;
}

async function decisions({ members: [first] }: TendedCluster): Promise<{
  readonly armed?: unknown;
  readonly leader?: { readonly member: string };
}> {
  if (first === undefined) return {};
  return (await askOverSocket(socketOf(first), '/api/v1/decisions')) as Awaited<ReturnType<typeof decisions>>;
}

function socketOf({ folder }: TendedMember): string {
  return join(folder, 'agent.sock');
}

async function running(cluster: TendedCluster): Promise<readonly string[]> {
  return await Promise.all(
    cluster.members.map(async ({ name }) => {
      const client = cluster.client(name);
      try {
        return (await client.status()).version;
      } finally {
        client.close();
      }
    }),
  );
}
