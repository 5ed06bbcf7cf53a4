import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type CertainTxn, certainTxn } from '../../src/journal/certain-txn.ts';
import { type JournalOnEtcd, journalOnEtcd } from './journal-on-etcd.ts';

const key = (): Buffer => Buffer.from(`/lost/${randomUUID()}`);
const value = (): Buffer => Buffer.from(randomUUID());

describe('a change whose answer is lost', () => {
  let journal: JournalOnEtcd;

  beforeAll(async () => {
    journal = await journalOnEtcd();
  });
  afterEach(() => journal.proxy.heal());
  afterAll(() => journal[Symbol.asyncDispose]());

  const at = async (where: Buffer) => (await journal.direct.range({ key: where })).kvs[0];
  const putOnce = (where: Buffer, what: Buffer): CertainTxn => ({
    compare: [{ key: where, createRevision: 0n }],
    changes: [{ put: where, value: what }],
    witness: { key: where, value: what },
  });

  test('has been made, and is known to have been, when the request had arrived', async () => {
    const client = journal.connect();
    const [where, what] = [key(), value()];
    await client.status();
    journal.proxy.drop('fromTarget');
    const made = certainTxn(client, putOnce(where, what));
    await expect.poll(() => at(where), { timeout: 30_000 }).toBeDefined();
    journal.proxy.cut();
    journal.proxy.heal();
    const { modRevision, version } = (await at(where)) ?? {};
    expect(await made).toEqual({ succeeded: true, revision: modRevision });
    expect(version).toBe(1n);
  });

  test('is made again when the request had not arrived', async () => {
    const client = journal.connect({ callTimeoutMs: 500 });
    const [where, what] = [key(), value()];
    await client.status();
    journal.proxy.drop('toTarget');
    const made = certainTxn(client, putOnce(where, what));
    const early = await Promise.race([made, new Promise((resolve) => setTimeout(resolve, 1500, 'waits'))]);
    expect([early, await at(where)]).toEqual(['waits', undefined]);
    journal.proxy.cut();
    journal.proxy.heal();
    expect(await made).toMatchObject({ succeeded: true });
    expect((await at(where))?.version).toBe(1n);
  });

  test('has not been made when another one was faster, and is known not to have been', async () => {
    const client = journal.connect({ callTimeoutMs: 500 });
    const where = key();
    await client.status();
    journal.proxy.drop('toTarget');
    const made = certainTxn(client, putOnce(where, value()));
    const other = value();
    await journal.direct.txn({ compare: [], changes: [{ put: where, value: other }] });
    journal.proxy.cut();
    journal.proxy.heal();
    expect(await made).toMatchObject({ succeeded: false });
    expect((await at(where))?.value.toString()).toBe(other.toString());
  });

  test('a deletion is known by its key that is gone', async () => {
    const client = journal.connect();
    const where = key();
    await journal.direct.txn({ compare: [], changes: [{ put: where, value: value() }] });
    await client.status();
    journal.proxy.drop('fromTarget');
    const made = certainTxn(client, {
      compare: [{ key: where, versionAbove: 0n }],
      changes: [{ delete: where }],
      witness: { key: where },
    });
    await expect.poll(() => at(where), { timeout: 30_000 }).toBeUndefined();
    journal.proxy.cut();
    journal.proxy.heal();
    expect(await made).toMatchObject({ succeeded: true });
  });

  test('stays unknown, and is said to be, when nobody can be asked before the caller gives up', async () => {
    const client = journal.connect({ callTimeoutMs: 300 });
    await client.status();
    journal.proxy.drop();
    await expect(certainTxn(client, putOnce(key(), value()), AbortSignal.timeout(1500))).rejects.toMatchObject({
      code: 'JOURNAL_UNCERTAIN',
      member: 'm1',
    });
  });

  test('stays unknown at once when there is nothing to tell it by', async () => {
    const client = journal.connect({ callTimeoutMs: 300 });
    await client.status();
    journal.proxy.drop();
    const txn = { ...putOnce(key(), value()), witness: undefined };
    await expect(certainTxn(client, txn)).rejects.toMatchObject({ code: 'JOURNAL_UNCERTAIN' });
  });

  test('what etcd refuses is thrown as it is', async () => {
    const huge = Buffer.alloc(3_000_000, 1);
    await expect(certainTxn(journal.direct, putOnce(key(), huge))).rejects.toMatchObject({
      code: 'ETCD_MESSAGE_TOO_LARGE',
    });
  });

  test('nothing is sent any more once it is no longer allowed', async () => {
    const where = key();
    const txn = {
      ...putOnce(where, value()),
      allowed: () => {
        throw new Error('no longer');
      },
    };
    await expect(certainTxn(journal.direct, txn)).rejects.toThrow('no longer');
    expect(await at(where)).toBeUndefined();
  });
});
