import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import type { EndCause } from '../../src/cluster/own-member.ts';
import { endCause } from '../../src/supervise/end-cause.ts';

/** Ends of the logs of etcd 3.4.23 and 3.5.30, each brought about on a real one; only paths were changed. */
const fixtures = join(import.meta.dirname, '..', 'fixtures', 'etcd-ends');

const logOf = (line: string, name: string): string => readFileSync(join(fixtures, `${line}-${name}.log`), 'utf8');

/** What was done to etcd, how it ended, what is to be made of it, and words of the evidence. */
const table: readonly (readonly [string, string, EndCause, string])[] = [
  ['sigkill', 'SIGKILL', 'killed', ''],
  ['sigkill', 'unknown', 'unknown', ''],
  ['sigterm', 'SIGTERM', 'asked', ''],
  ['sigterm', 'unknown', 'asked', 'received signal; shutting down'],
  ['disk-full-new', 'exit code 2', 'disk-full', 'failed to create WAL: no space left on device'],
  ['disk-full-running', 'exit code 1', 'disk-full', 'failed to commit tx: write /srv/etcd/'],
  ['disk-full-restart', 'exit code 1', 'disk-full', 'no space left on device'],
  ['wal-flip', 'exit code 1', 'wal-corrupt', 'walpb: crc mismatch'],
  ['wal-frame', 'exit code 1', 'wal-corrupt', 'proto: illegal wireType 7'],
  ['data-behind', 'exit code 2', 'log-behind', 'Was the raft log corrupted, truncated, or lost?'],
  ['db-meta', 'exit code 2', 'database-corrupt', 'failed to open database: checksum error'],
  ['db-short', 'exit code 2', 'database-corrupt', 'failed to open database: invalid database'],
  ['db-pages', 'exit code 2', 'database-corrupt', 'panic: '],
  ['db-cut', 'exit code 2', 'database-corrupt', 'unexpected fault address 0x'],
  ['db-missing-with-snapshot', 'exit code 2', 'database-corrupt', "snap: snapshot file doesn't exist"],
  ['db-unreadable', 'exit code 2', 'unknown', 'is a directory'],
  ['data-differs', 'exit code 1', 'data-differs', 'found data inconsistency with peers'],
  ['removed-running', 'exit code 0', 'removed', 'server error: the member has been permanently removed'],
  ['removed-restart', 'exit code 1', 'removed', 'server error: the member has been permanently removed'],
  ['already-bootstrapped', 'exit code 1', 'wrong-cluster', 'has already been bootstrapped'],
  ['wrong-list', 'exit code 1', 'wrong-cluster', 'member count is unequal'],
  ['client-address-in-use', 'exit code 1', 'address-in-use', 'bind: address already in use'],
  ['peer-address-in-use', 'exit code 1', 'address-in-use', 'bind: address already in use'],
  ['unknown-flag', 'exit code 2', 'bad-flag', 'flag provided but not defined: -no-such-flag'],
  ['bad-value', 'exit code 2', 'bad-flag', 'invalid value "abc" for flag -heartbeat-interval'],
  ['bad-election', 'exit code 1', 'bad-flag', 'should be at least as 5 times'],
  ['wrong-name', 'exit code 1', 'bad-flag', 'couldn\'t find local name "m9"'],
  ['missing-cert', 'exit code 1', 'certificate', 'open /nonexistent/a.crt: no such file or directory'],
  ['missing-peer-cert', 'exit code 1', 'certificate', 'open /nonexistent/a.crt: no such file or directory'],
  ['missing-ca', 'exit code 1', 'certificate', 'open /nonexistent/ca.crt: no such file or directory'],
  ['garbage-cert', 'exit code 1', 'certificate', 'tls: failed to find any PEM data'],
  ['read-only', 'exit code 1', 'unknown', 'cannot access data directory'],
];

describe.each(['3.4', '3.5'])('of etcd %s', (line) => {
  test.each(table)('%s, which ended with %s, is told as %s', (name, how, cause, evidence) => {
    const end = endCause(how, logOf(line, name));
    expect(end.cause).toBe(cause);
    expect(end.evidence ?? '').toContain(evidence);
  });
});

it('every log of the fixtures is in the table', () => {
  const known = new Set(table.flatMap(([name]) => ['3.4', '3.5'].map((line) => `${line}-${name}.log`)));
  expect(readdirSync(fixtures).filter((name) => !known.has(name))).toEqual([]);
});

describe('the cause of an end', () => {
  it('is unknown without a log', () => {
    expect(endCause('exit code 1', '')).toEqual({ cause: 'unknown' });
  });

  it('is not taken from a line that did not end etcd', () => {
    const warning = '{"level":"warn","msg":"failed to save snapshot","error":"no space left on device"}\n';
    expect(endCause('exit code 1', warning)).toEqual({ cause: 'unknown' });
    expect(endCause('SIGKILL', logOf('3.5', 'disk-full-running'))).toEqual({ cause: 'killed' });
  });

  it('is found where the tail of the log begins in the middle of a line', () => {
    expect(endCause('exit code 1', logOf('3.5', 'wal-flip').slice(40)).cause).toBe('wal-corrupt');
  });

  it('comes with evidence of at most 300 characters that keeps the end of the line', () => {
    const { evidence = '' } = endCause('exit code 1', logOf('3.5', 'wrong-list'));
    expect(evidence.length).toBeLessThanOrEqual(300);
    expect(evidence).toMatch(/member count is unequal$/);
  });
});
