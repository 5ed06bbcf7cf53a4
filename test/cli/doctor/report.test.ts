import { describe, expect, it } from 'vitest';
import { checks } from '../../../src/cli/doctor/checks.ts';
import { exitCodeOfReport, reportOf } from '../../../src/cli/doctor/report.ts';
import { reportText } from '../../../src/cli/doctor/report-text.ts';
import { cluster, facts, quota } from './facts.ts';

const unreachable = (code: string) => {
  const fault = { code, message: 'it did not work', remedy: 'mend it' };
  return facts({ sections: { member: { fault }, cluster: { fault } }, facts: { urls: [] } });
};

describe('the exit code', () => {
  it.each([
    ['nothing is wrong', facts(), 0],
    [
      'there are notes only',
      facts({ sections: { quota: quota({ dbSizeBytes: 1e9, dbSizeInUseBytes: 1e8, fragmentationRatio: 0.9 }) } }),
      0,
    ],
    ['there is a warning', facts({ sections: { quota: quota({ usedRatio: 0.85 }) } }), 1],
    ['something is critical', facts({ sections: { cluster: cluster({ votersReachable: 2 }) } }), 1],
    ['no member answers', unreachable('ETCD_UNREACHABLE'), 3],
    ['the password is wrong', unreachable('ETCD_AUTH_FAILED'), 3],
    ['our own certificate cannot be read', unreachable('ETCD_CERT_UNREADABLE'), 2],
    ['our own password file cannot be read', unreachable('ETCD_PASSWORD_UNREADABLE'), 2],
  ])('when %s is right', (_name, given, expected) => {
    expect(exitCodeOfReport(reportOf(given, checks))).toBe(expected);
  });
});

describe('the report', () => {
  it('says that a check failed, and goes on with the others', () => {
    const broken = {
      group: 'broken',
      examine: () => [{} as never].map((each: { a: { b: string } }) => ({ message: each.a.b, status: 'ok' as const })),
    };
    const report = reportOf(facts(), [broken, ...checks]);
    expect(report.lines[0]).toMatchObject({ group: 'broken', code: 'CHECK_FAILED', status: 'warning' });
    expect(report.summary.ok).toBeGreaterThan(10);
  });

  it('counts what it says', () => {
    const { summary, lines } = reportOf(facts(), checks);
    expect(Object.values(summary).reduce((a, b) => a + b, 0)).toBe(lines.length);
  });

  it('as text is one line for each thing, what to do below it, and a sum', () => {
    const text = reportText(reportOf(facts({ sections: { quota: quota({ usedRatio: 0.95 }) } }), checks));
    expect(text).toMatch(/^ok {4}reach +m1 at https:\/\/10\.0\.0\.1:2379 answers: raft leader, healthy/m);
    expect(text).toMatch(
      /^FAIL {2}quota +The database has 47\.7 MiB, 95\.0 % of its quota of 2\.00 GiB\. \(QUOTA_HIGH\)\n +to do: See who/m,
    );
    expect(text).toMatch(/\n1 critical, 0 notes, \d+ ok, \d+ not checked\.\n$/);
    expect(text).not.toContain('\u001b');
  });

  it('says in the last line that etcd was not reached', () => {
    expect(reportText(reportOf(unreachable('ETCD_UNREACHABLE'), checks))).toMatch(
      /\n\nEtcd could not be reached: no member answered, asked at https:\/\/10\.0\.0\.1:2379\.\n$/,
    );
  });
});
