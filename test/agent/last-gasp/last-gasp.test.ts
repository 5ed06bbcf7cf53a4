import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LastGasp } from '../../../src/agent/last-gasp/last-gasp.ts';
import { beginGasp } from '../../../src/backup/last-gasp/folder.ts';
import { lastGaspText } from '../../../src/cli/last-gasp-text.ts';
import type { KeptGaspView } from '../../../src/cluster/last-gasp-view.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { AsJson } from '../../../src/expose/as-json.ts';
import type { Status } from '../../../src/expose/status.ts';
import { checkedManifest } from '../../backup/last-gasp/gasp-files.ts';
import { hearingServer } from '../../expose/notify/hearing-server.ts';
import { fullObservation } from '../../expose/support/full-observation.ts';
import { type RealCluster, type RealMember, startCluster } from '../../real/cluster.ts';
import { runningAgent } from '../running-agent.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-last-gasp-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const m1 = ({ members: [member] }: Pick<RealCluster, 'members'>): RealMember => {
  if (member === undefined) throw new Error('no member');
  return member;
};

describe('when the quorum is lost', () => {
  const settings = (): Record<string, string> => ({
    'backup.lastGasp.dir': join(folder, 'gasps'),
    'backup.lastGasp.after': '1s',
  });

  it.each(['3.4', '3.5'] as const)(
    'an agent keeps a snapshot of its own member, and says so everywhere; once it is gone too the agent goes on: etcd %s',
    async (version) => {
      await using cluster = await startCluster({ members: 3, version });
      const member = m1(cluster);
      await using receiver = await hearingServer();
      const agent = await runningAgent(cluster, member, { ...settings(), 'notify.webhooks': receiver.url });
      try {
        await cluster.etcdctl('put', '/a', 'b', '--endpoints', member.endpoint);
        const calm = await agent.statusWhen(({ ownMember }) => ownMember?.state === 'healthy');
        expect(calm.lastGasp).toEqual({ dir: join(folder, 'gasps'), quorumLost: false, underWay: false, failures: [] });
        await Promise.all(cluster.members.slice(1).map((each) => each.kill()));
        const { lastGasp } = await agent.statusWhen((status) => status.lastGasp?.newest !== undefined);
        expect(lastGasp).toMatchObject({ quorumLost: true, newest: { source: 'snapshot' }, failures: [] });
        const kept = lastGasp?.newest;
        expect(kept?.revision).toBeGreaterThanOrEqual(2n);
        await checkedManifest(kept?.path ?? '');

        const page = await (await fetch(`${agent.url}/metrics`)).text();
        expect(page).toContain(
          `\netcd_caretaker_backup_last_gasp_timestamp_seconds ${(kept?.takenAtMs ?? 0) / 1000}\n`,
        );
        expect(page).toContain(`\netcd_caretaker_backup_last_gasp_revision ${kept?.revision}\n`);
        const told = (await (await fetch(`${agent.url}/api/v1/status`)).json()) as AsJson<Status>;
        expect(lastGaspText(told, Date.now())).toMatch(/^Last gasp snapshot at revision \d+, .* ago: .*\n$/);
        await vi.waitFor(() => {
          const events = receiver.heard.map(({ body }) => body as { readonly event: string });
          expect(events.find(({ event }) => event === 'last-gasp')).toMatchObject({
            severity: 'critical',
            members: ['m1'],
          });
        }, 30_000);

        // Once for each loss: what is done again would be there within a few rounds.
        const { rounds } = agent.observation();
        await member.kill();
        await agent.statusWhen((status) => status.agent.rounds > rounds + 2 && status.ownMember === undefined);
        expect(await readdir(join(folder, 'gasps'))).toHaveLength(1);
        expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
      } finally {
        await agent.close();
      }
    },
  );

  it('and the own member with it, the agent copies its data dir; the next loss is another one', async () => {
    await using cluster = await startCluster({ members: 3 });
    const member = m1(cluster);
    const agent = await runningAgent(cluster, member, settings());
    try {
      await agent.statusWhen(({ ownMember }) => ownMember?.state === 'healthy');
      await Promise.all(cluster.members.map((each) => each.kill()));
      const { lastGasp } = await agent.statusWhen((status) => status.lastGasp?.newest !== undefined);
      expect(lastGasp?.newest).toMatchObject({ source: 'data-dir' });
      const { memberId, clusterId } = await checkedManifest(lastGasp?.newest?.path ?? '');
      expect([memberId, clusterId]).toEqual([
        expect.stringMatching(/^[0-9a-f]+$/),
        expect.stringMatching(/^[0-9a-f]+$/),
      ]);

      await Promise.all(cluster.members.map((each) => each.start()));
      await agent.statusWhen((status) => status.lastGasp?.quorumLost === false);
      await Promise.all(cluster.members.slice(1).map((each) => each.kill()));
      const again = await agent.statusWhen((status) => status.lastGasp?.newest?.source === 'snapshot');
      expect(again.lastGasp?.newest?.takenAtMs).toBeGreaterThan(lastGasp?.newest?.takenAtMs ?? 0);
      expect(await readdir(join(folder, 'gasps'))).toHaveLength(2);
    } finally {
      await agent.close();
    }
  });

  it.each([
    ['an agent starts that no token can be had for', 'root', false],
    ['the agent may not ask for snapshots', 'reader', true],
  ])('and %s, it keeps a copy of the database file', async (_, username, isEarly) => {
    await using cluster = await startCluster({ members: 3, auth: { rootPassword: 'secret' } });
    const member = m1(cluster);
    await cluster.etcdctl('user', 'add', 'reader:secret', '--endpoints', member.endpoint);
    await cluster.etcdctl('put', '/a', 'b', '--endpoints', member.endpoint);
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'secret\n', { mode: 0o600 });
    const start = () =>
      runningAgent(cluster, member, {
        ...settings(),
        'cluster.auth.username': username,
        'cluster.auth.passwordFile': passwordFile,
        'cluster.client.callTimeout': '1s',
      });
    const early = isEarly ? await start() : undefined;
    await early?.statusWhen(({ quorum }) => quorum?.holds === true);
    await Promise.all(cluster.members.slice(1).map((each) => each.kill()));
    const agent = early ?? (await start());
    try {
      const { lastGasp } = await agent.statusWhen((status) => status.lastGasp?.newest !== undefined);
      expect(lastGasp?.newest).toMatchObject({ source: 'database-file', revision: 2n });
    } finally {
      await agent.close();
    }
  });
});

describe('an agent that sees no quorum', () => {
  const lost: Observation = {
    ...fullObservation,
    sections: {
      ...fullObservation.sections,
      member: altered('member', { linearizableReadSeconds: undefined, state: 'no-quorum' }),
      cluster: altered('cluster', { votersReachable: 1, linearizable: false, leaderId: undefined }),
    },
  };
  const unknown: Observation = { ...fullObservation, sections: {} };

  function altered<K extends 'member' | 'cluster'>(name: K, part: object): NonNullable<Observation['sections'][K]> {
    const reading = fullObservation.sections[name];
    return { ...reading, value: { ...reading?.value, ...part } } as NonNullable<Observation['sections'][K]>;
  }

  /** What keeps of a single real member, whatever the observations say. */
  async function keeping(
    work: (gasp: LastGasp, heard: Heard, dir: string) => Promise<void>,
    dir = join(folder, 'gasps'),
  ) {
    await using cluster = await startCluster();
    const client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    const heard: Heard = { kept: [], failed: [] };
    const gasp = new LastGasp({
      place: { dir, owner: { clusterName: 'test', member: 'm1' }, keep: 2 },
      ...{ afterMs: 60_000, intervalMs: 10_000, dataDir: m1(cluster).dataDir, walDir: '', underAuth: false, client },
      events: {
        ...{ log: () => undefined, onFault: () => undefined, onChange: () => undefined },
        onKept: (kept) => heard.kept.push(kept),
        onFailed: (error) => heard.failed.push(error),
      },
    });
    try {
      await work(gasp, heard, dir);
    } finally {
      await gasp[Symbol.asyncDispose]();
      client.close();
    }
  }

  interface Heard {
    readonly kept: KeptGaspView[];
    readonly failed: unknown[];
  }

  const ended = (gasp: LastGasp) => vi.waitFor(() => expect(gasp.view().underWay).toBe(false), 60_000);

  it('keeps nothing while a member is started again, however often, and one thing once it has lasted', async () => {
    await keeping(async (gasp, heard, dir) => {
      let nowMs = 0;
      const look = (observation: Observation, times: number): void => {
        for (let i = 0; i < times; i += 1) {
          nowMs += 10_000;
          gasp.take(observation, nowMs);
        }
      };
      for (let restart = 0; restart < 5; restart += 1) {
        look(lost, 4);
        look(fullObservation, 1);
      }
      // What was not seen is no loss.
      look(lost, 4);
      look(unknown, 1);
      look(lost, 6);
      expect(gasp.view().underWay).toBe(false);
      expect(await readdir(dir).catch(() => [])).toEqual([]);
      look(lost, 1);
      expect(gasp.view()).toMatchObject({ quorumLost: true, underWay: true });
      await ended(gasp);
      look(lost, 100);
      look(unknown, 1);
      look(lost, 100);
      await ended(gasp);
      expect(heard.kept).toHaveLength(1);
      expect(await readdir(dir)).toHaveLength(1);
    });
  });

  it('finishes what is under way when the quorum comes back', async () => {
    await keeping(async (gasp, heard) => {
      for (let i = 0; i <= 6; i += 1) gasp.take(lost, i * 10_000);
      gasp.take(fullObservation, 70_000);
      await ended(gasp);
      expect(heard.kept).toHaveLength(1);
      await checkedManifest(heard.kept[0]?.path ?? '');
    });
  });

  it('leaves nothing half done when it ends', async () => {
    await keeping(async (gasp, heard, dir) => {
      for (let i = 0; i <= 6; i += 1) gasp.take(lost, i * 10_000);
      await gasp[Symbol.asyncDispose]();
      const left = await readdir(dir).catch(() => []);
      expect(left).toHaveLength(heard.kept.length);
      expect(left.filter((name) => name.startsWith('.'))).toEqual([]);
      gasp.take(lost, 200_000);
      expect(gasp.view().underWay).toBe(false);
    });
  });

  it('says once why it cannot, tries again later, and takes away what one that died has left', async () => {
    const place = join(folder, 'place');
    await writeFile(place, 'a file, where a folder should be');
    await keeping(async (gasp, heard) => {
      const again = async (): Promise<void> => {
        for (let i = 0; i <= 7; i += 1) gasp.take(lost, performance.now() + 3_600_000 + i * 10_000);
        await ended(gasp);
      };
      await again();
      expect(gasp.view().fault).toMatchObject({ code: 'LAST_GASP_FAILED', remedy: expect.any(String) });
      await again();
      expect(gasp.view().failures).toEqual([{ reason: 'LAST_GASP_FAILED', count: expect.any(Number) }]);
      expect(gasp.view().failures[0]?.count).toBeGreaterThan(1);
      expect(heard.failed).toHaveLength(1);
      await rm(place);
      await again();
      expect(heard.kept).toHaveLength(1);
      expect(gasp.view()).not.toHaveProperty('fault');
    }, place);

    const { part } = await beginGasp(place, { clusterName: 'test', member: 'm1' }, Date.now());
    await keeping(async (gasp) => {
      gasp.take(fullObservation, 0);
      await vi.waitFor(() => expect(gasp.view().newest?.source).toBe('snapshot'), 60_000);
      expect((await readdir(place)).map((name) => join(place, name))).not.toContain(part);
    }, place);
  });
});
