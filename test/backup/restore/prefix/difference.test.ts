import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DifferenceOptions, differences } from '../../../../src/backup/restore/prefix/difference.ts';
import { type ReadKeys, readKeys } from '../../../../src/backup/restore/prefix/read-keys.ts';
import { type Subtree, subtreeOf } from '../../../../src/backup/restore/prefix/subtree.ts';
import { keyText } from '../../../../src/cluster/key-text.ts';
import { compact } from '../../../../src/etcd/maintenance-calls.ts';
import { MemberClient } from '../../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../../real/cluster.ts';
import { allOf } from '../../store/all-of.ts';
import { inShort, revisionOf } from './live.ts';

const never = new AbortController().signal;

describe.each(['3.4', '3.5'] as const)('what differs between two revisions of etcd %s', (version) => {
  let cluster: RealCluster;
  let client: MemberClient;
  let round = 0;

  beforeAll(async () => {
    cluster = await startCluster({ version });
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
  });
  afterAll(async () => {
    client.close();
    await cluster.close();
  });

  const put = (key: string | Buffer, value: string, lease?: bigint) =>
    client.txn({
      compare: [],
      changes: [{ put: Buffer.from(key), value: Buffer.from(value), ...(lease === undefined ? {} : { lease }) }],
    });
  const below = (prefix: string): Subtree => subtreeOf(Buffer.from(prefix), { literal: false });
  const between = async (
    { ranges }: Subtree,
    [then, now]: readonly [bigint, bigint | undefined],
    options: Partial<DifferenceOptions> = {},
    reading: Partial<ReadKeys> = {},
  ) => {
    const found: string[] = [];
    const at = now === undefined ? {} : { revision: now };
    const all = differences(
      readKeys({ client, ranges, revision: then }, never),
      readKeys({ client, ranges, ...at, ...reading }, never),
      { deleteExtra: false, withLeased: false, ...options },
    );
    for await (const difference of all) found.push(inShort(difference));
    return found;
  };

  test('is exact: whatever was written, also to keys that are no text', async () => {
    const suffix = fc.uint8Array({ minLength: 0, maxLength: 2 }).map((bytes) => Buffer.from(bytes));
    const model = fc.array(fc.tuple(suffix, fc.constantFrom('a', 'b')), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(model, model, async (first, second) => {
        const prefix = `/p${++round}/`;
        const write = async (pairs: typeof first): Promise<ReadonlyMap<string, string>> => {
          await client.deleteRange(Buffer.from(prefix), Buffer.from(`/p${round}0`));
          for (const [key, value] of pairs) await put(Buffer.concat([Buffer.from(prefix), key]), value);
          return new Map(pairs.map(([key, value]) => [keyText(Buffer.concat([Buffer.from(prefix), key])), value]));
        };
        const then = await write(first);
        const at = await revisionOf(client);
        const now = await write(second);
        const keys = new Set([...then.keys(), ...now.keys()]);
        const expected = [...keys].flatMap((key) => {
          const [was, is] = [then.get(key), now.get(key)];
          if (was === is) return [];
          if (was === undefined) return [`delete ${key}`];
          return [`${is === undefined ? 'put-back' : 'change-back'} ${key}`];
        });
        const found = await between(below(prefix), [at, undefined], { deleteExtra: true }, { pageBytes: 4 });
        expect(found.toSorted()).toEqual(expected.toSorted());
      }),
      { numRuns: 25 },
    );
  });

  test('keys outside are not seen, nor what was not there then unless it is asked for', async () => {
    for (const key of ['/q/a', '/q/a/1', '/q/ab', '/q/a0', '/q']) await put(key, '1');
    const at = await revisionOf(client);
    for (const key of ['/q/a', '/q/a/2', '/q/ab', '/q/a0', '/q']) await put(key, '2');
    expect(await between(below('/q/a'), [at, undefined])).toEqual(['change-back /q/a', 'keep /q/a/2']);
    expect(await between(below('/q/a/'), [at, undefined], { deleteExtra: true })).toEqual(['delete /q/a/2']);
  });

  test('keys that are or were under a lease stay, unless they are asked for', async () => {
    const { id } = await client.grantLease(600);
    await put('/l/was', '1', id);
    await put('/l/is', '1');
    await put('/l/same', '1', id);
    const at = await revisionOf(client);
    await put('/l/was', '2');
    await put('/l/is', '2', id);
    await put('/l/same', '1');
    await put('/l/new', '1', id);
    const options = { deleteExtra: true };
    expect(await between(below('/l/'), [at, undefined], options)).toEqual([
      'leased /l/is',
      'leased /l/new',
      'leased /l/was',
    ]);
    expect(await between(below('/l/'), [at, undefined], { ...options, withLeased: true })).toEqual([
      'change-back /l/is',
      'delete /l/new',
      'change-back /l/was',
    ]);
  });

  test('a compaction between two pages: the rest is read at a newer revision, or it is refused', async () => {
    for (let n = 100; n < 150; n += 1) await put(`/c/${n}`, 'x');
    const at = await revisionOf(client);
    const compacting = () => {
      let pages = 0;
      return {
        range: async (...args: Parameters<MemberClient['range']>) => {
          pages += 1;
          if (pages === 2) {
            await put('/c/100', 'y');
            await put('/c/149', 'y');
            await compact(client, await revisionOf(client));
          }
          return await client.range(...args);
        },
      };
    };
    const revisions: bigint[] = [];
    const keys: string[] = [];
    const options = { client: compacting(), ranges: below('/c/').ranges };
    for await (const { key, value } of readKeys(
      { ...options, onRevision: (revision) => revisions.push(revision) },
      never,
    )) {
      keys.push(`${key} ${value}`);
    }
    expect(keys).toHaveLength(50);
    expect([keys[0], keys[49]]).toEqual(['/c/100 x', '/c/149 y']);
    expect(revisions).toEqual([at, at + 2n]);
    const pinned = readKeys({ ...options, client: compacting(), revision: await revisionOf(client) }, never);
    await expect(allOf(pinned)).rejects.toMatchObject({ code: 'DIFF_OUTDATED' });
  });

  test('a page that is too large is asked for again in parts', async () => {
    for (let n = 0; n < 12; n += 1) await put(`/big/${n}`, 'x'.repeat(300_000));
    await using _ = {
      [Symbol.asyncDispose]: async () => void (await client.deleteRange(Buffer.from('/big/'), Buffer.from('/big0'))),
    };
    const small = new MemberClient({ member: 'm1', endpoint: client.endpoint, maxMessageBytes: 1_000_000 });
    const keys = await allOf(readKeys({ client: small, ranges: below('/big/').ranges }, never));
    small.close();
    expect(keys).toHaveLength(12);
  });
});
