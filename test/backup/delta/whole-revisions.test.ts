import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RevisionBatch } from '../../../src/backup/delta/revision-batch.ts';
import { RevisionGap, WholeRevisions } from '../../../src/backup/delta/whole-revisions.ts';
import type { WatchBatch, WatchEvent } from '../../../src/etcd/types.ts';

const header = (revision: bigint) => ({ clusterId: 'c', memberId: 'm', revision, raftTerm: 1n });

const event = (modRevision: bigint, key: string): WatchEvent => ({
  type: 'put',
  kv: {
    key: Buffer.from(key),
    value: Buffer.from('v'),
    createRevision: modRevision,
    modRevision,
    version: 1n,
    lease: 0n,
  },
});

const arrived = (events: readonly WatchEvent[], fragment = false): WatchBatch => ({
  header: header(events.at(-1)?.kv.modRevision ?? 0n),
  kind: 'events',
  fragment,
  events,
});

const short = (batches: Iterable<RevisionBatch>): string[] =>
  [...batches].map(({ revision, events }) => `${revision}: ${events.map(({ key }) => key).join(' ')}`);

describe('what arrives on a watch', () => {
  test('becomes whole revisions, however it is cut into messages', () => {
    const aCut = fc.array(fc.nat({ max: 20 }), { maxLength: 10 });
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, aCut, (counts, cuts) => {
        const events = counts.flatMap((count, index) =>
          Array.from({ length: count }, (_, nth) => event(BigInt(10 + index), `k${nth}`)),
        );
        const places = [...new Set(cuts.filter((cut) => cut > 0 && cut < events.length))].toSorted((a, b) => a - b);
        const edges = [0, ...places, events.length];
        const messages = edges.slice(1).map((end, index) => events.slice(edges[index], end));
        const whole = new WholeRevisions(9n);
        const got = messages.flatMap((message, index) => [
          ...whole.take(arrived(message, index < messages.length - 1)),
        ]);
        expect(short(got)).toEqual(
          counts.map((count, index) => `${10 + index}: ${Array.from({ length: count }, (_, n) => `k${n}`).join(' ')}`),
        );
        expect(whole.last).toBe(BigInt(9 + counts.length));
      }),
    );
  });

  test('does not count where the last piece of a revision has not come', () => {
    const whole = new WholeRevisions(9n);
    expect(short(whole.take(arrived([event(10n, 'a'), event(11n, 'b')], true)))).toEqual(['10: a']);
    expect(whole.last).toBe(10n);
    expect(short(whole.take(arrived([event(11n, 'c')])))).toEqual(['11: b c']);
  });

  test('is taken once', () => {
    const whole = new WholeRevisions(10n);
    expect(short(whole.take(arrived([event(10n, 'a'), event(11n, 'b')])))).toEqual(['11: b']);
  });

  test('with a revision missing is a gap; what came before it has been given', () => {
    const whole = new WholeRevisions(9n);
    const given: RevisionBatch[] = [];
    let gap: unknown;
    try {
      for (const batch of whole.take(arrived([event(10n, 'a'), event(13n, 'b')]))) given.push(batch);
    } catch (error) {
      gap = error;
    }
    expect([short(given), whole.last]).toEqual([['10: a'], 10n]);
    expect(gap).toBeInstanceOf(RevisionGap);
    expect(gap).toMatchObject({ from: 11n, to: 12n });
  });

  test('is behind where the member says that everything was told', () => {
    const whole = new WholeRevisions(9n);
    const progress = (revision: bigint): WatchBatch => ({
      header: header(revision),
      kind: 'progress',
      fragment: false,
      events: [],
    });
    expect([...whole.take(progress(9n))]).toEqual([]);
    expect(() => [...whole.take(progress(11n))]).toThrow(RevisionGap);
  });
});
