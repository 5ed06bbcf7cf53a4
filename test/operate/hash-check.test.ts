import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Effects } from '../../src/operate/effects.ts';
import { type Operating, operating } from './operating.ts';

describe.each(['3.4', '3.5'] as const)('a hash check of three members of etcd %s', (version) => {
  let on: Operating;
  beforeAll(async () => {
    on = await operating({ members: 3, version });
    for (let index = 0; index < 50; index += 1)
      await on.client().put(Buffer.from(`k${index}`), Buffer.from(`v${index}`));
  });
  afterAll(() => on[Symbol.asyncDispose]());

  const check = async (effects: Partial<Effects> = {}) => {
    const term = await on.term();
    const journal = await on.slot(term, { operation: 'hash-check', targets: on.ids });
    return on.run({ term, journal, effects });
  };

  test('finds equal data equal, asking one member after the other at one revision, the raft leader last', async () => {
    const asked: string[] = [];
    const revisions = new Set<bigint>();
    let busy = 0;
    const entry = await check({
      hashKeyspace: async (memberId, revision, permit) => {
        expect(busy).toBe(0);
        busy += 1;
        asked.push(memberId);
        revisions.add(revision);
        const hash = await on.effects.hashKeyspace(memberId, revision, permit);
        busy -= 1;
        return hash;
      },
    });
    expect(entry).toMatchObject({ outcome: 'succeeded', figures: { hashMismatch: 0, members: 3 } });
    expect(asked.toSorted()).toEqual(on.ids.toSorted());
    expect(asked.at(-1)).toBe(await on.leader());
    expect(revisions.size).toBe(1);
  });

  // The same with every version of etcd.
  if (version === '3.5') {
    test('compares again where members were compacted in between, or differ for once', async () => {
      const odd = on.ids[1] ?? '';
      let calls = 0;
      const entry = await check({
        hashKeyspace: async (memberId, revision, permit) => {
          const hash = await on.effects.hashKeyspace(memberId, revision, permit);
          if (memberId !== odd) return hash;
          calls += 1;
          if (calls === 1) return { ...hash, compactRevision: hash.compactRevision + 1n };
          return calls === 2 ? { ...hash, hash: hash.hash + 1 } : hash;
        },
      });
      expect(entry).toMatchObject({ outcome: 'succeeded', figures: { hashMismatch: 0 } });
      expect(calls).toBe(3);
    });

    test('gives up where the compact revisions are never the same', async () => {
      let compacted = 0n;
      const entry = await check({
        hashKeyspace: async (memberId, revision, permit) => {
          compacted += 1n;
          return { ...(await on.effects.hashKeyspace(memberId, revision, permit)), compactRevision: compacted };
        },
      });
      expect(entry).toMatchObject({ outcome: 'stopped', code: 'HASH_NOT_COMPARABLE' });
    });

    test('names nobody where no majority agrees', async () => {
      let next = 0;
      const entry = await check({
        hashKeyspace: async (memberId, revision, permit) => {
          next += 1;
          return { ...(await on.effects.hashKeyspace(memberId, revision, permit)), hash: next };
        },
      });
      expect(entry).toMatchObject({ outcome: 'succeeded', figures: { hashMismatch: 1 } });
      expect(entry?.summary).toContain('no majority agrees: m');
    });
  }

  test('finds the member whose database file holds another value, three times in a row, and names it', async () => {
    // A follower: the raft leader would hand over while it is down.
    const leader = await on.leader();
    const index = on.ids.findIndex((id, at) => at > 0 && id !== leader);
    const id = on.ids[index] ?? '';
    const member = on.cluster.members[index];
    const file = join(member?.dataDir ?? '', 'member', 'snap', 'db');
    await on.client().put(Buffer.from('flipped'), Buffer.from('VALUE-TO-BE-FLIPPED'));
    // Acknowledged by the two others, it may not be in this one's file yet: etcd writes it there every 100 ms.
    await vi.waitFor(async () => expect((await readFile(file)).includes('VALUE-TO-BE-FLIPPED')).toBe(true), {
      timeout: 30_000,
    });
    await member?.stop();
    const content = await readFile(file);
    let found = 0;
    for (
      let at = content.indexOf('VALUE-TO-BE-FLIPPED');
      at !== -1;
      at = content.indexOf('VALUE-TO-BE-FLIPPED', at + 1)
    ) {
      content.write('value', at);
      found += 1;
    }
    expect(found).toBeGreaterThan(0);
    await writeFile(file, content);
    await member?.start();
    const entry = await check();
    expect(entry).toMatchObject({ outcome: 'succeeded', figures: { hashMismatch: 1, [`hashDiffers.${id}`]: 1 } });
    expect(entry?.summary).toContain(`${member?.name} (${id}) differs from the majority`);
    expect(entry?.steps.filter(({ name }) => name === 'hash')).toHaveLength(9);
  });
});
