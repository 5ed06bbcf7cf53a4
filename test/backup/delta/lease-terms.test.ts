import { describe, expect, test } from 'vitest';
import { LeaseTerms } from '../../../src/backup/delta/lease-terms.ts';
import { OpenPiece } from '../../../src/backup/delta/open-piece.ts';
import { putAt } from './segments.ts';

const never = new AbortController().signal;

describe('how long a lease was granted for', () => {
  test('is not known where the asking was given up, and is asked for again', async () => {
    const giveUp = new AbortController();
    let away = true;
    const terms = new LeaseTerms({
      leaseTimes: (id) => {
        if (!away) return Promise.resolve({ grantedTtlSeconds: Number(id), ttlSeconds: 1 });
        giveUp.abort();
        return Promise.reject(new Error('the member is away'));
      },
    });
    expect(await terms.ttlSeconds(60n, giveUp.signal)).toBeUndefined();
    away = false;
    expect(await terms.ttlSeconds(60n, never)).toBe(60);
  });

  test('is 0 where etcd says that there is none', async () => {
    const terms = new LeaseTerms({ leaseTimes: () => Promise.resolve({ grantedTtlSeconds: 0, ttlSeconds: -1 }) });
    expect(await terms.ttlSeconds(60n, never)).toBe(0);
  });

  test('stands in a piece only where it is known', async () => {
    const piece = new OpenPiece(5n);
    for (const [revision, lease] of [
      [5n, 7n],
      [6n, 8n],
    ] as const) {
      const record = putAt(revision);
      if (record.kind !== 'revision') throw new Error('it is none');
      const events = record.batch.events.map((event) => ({ ...event, lease }));
      piece.add({ ...record.batch, events }, (id) => Promise.resolve(id === 7n ? undefined : 30));
    }
    const lines: string[] = [];
    for await (const line of piece.lines()) lines.push(line);
    expect(lines.filter((line) => line.startsWith('{"lease"'))).toEqual(['{"lease":"8","ttl":30}\n']);
  });
});
