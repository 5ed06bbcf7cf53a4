import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { escapeCodes } from '../../../src/cli/top/escape-codes.ts';
import { frame } from '../../../src/cli/top/frame.ts';
import type { Parts } from '../../../src/cli/top/parts.ts';
import type { Seen } from '../../../src/cli/top/seen.ts';
import { type FrameOptions, firstView, type Size } from '../../../src/cli/top/view.ts';
import { healthy, NOW_MS, operating, quorumLost } from './example-parts.ts';

const options: FrameOptions = { view: firstView, unicode: true, keys: true };
const plain = { colour: false, unicode: true };

function seen(parts: Parts, more: Partial<Seen> = {}): Seen {
  return { agent: 'http://127.0.0.1:9379', parts, heardAtMs: NOW_MS, ...more };
}

/** The frame as text, its lines without blanks at their ends. */
function text(of: Seen, columns: number, rows: number, more: Partial<FrameOptions> = {}): readonly string[] {
  const lines = frame(of, { columns, rows }, NOW_MS, { ...options, ...more });
  return lines.map((line) => escapeCodes(line, plain).trimEnd());
}

function expectFit(lines: readonly string[], { columns, rows }: Size): void {
  expect(lines).toHaveLength(rows);
  expect(lines.filter((line) => stringWidth(line) > columns)).toEqual([]);
}

describe('a frame of top', () => {
  it('shows a healthy cluster on 80 columns and 24 rows', () => {
    const lines = text(seen(healthy), 80, 24);
    expectFit(lines, { columns: 80, rows: 24 });
    expect(lines).toMatchInlineSnapshot(`
      [
        "12:00:00 UTC  shop, by the agent beside m1, observed 2 s ago",
        "Healthy. 3 of 3 voters answer, m2 leads (term 4); 1 more may be lost. Everything",
        "is backed up, no restore proven yet.",
        "Agents: 3 of 3, the one beside m2 leads (epoch 7), armed",
        "MEMBER  ROLE      HEALTH   LAG  FSYNC p99  10 min    QUOTA          FULL IN",
        "m1 *    follower  healthy    0    2.10 ms  ████████  ████░░ 61.0 %      3 d",
        "m2      leader    healthy    0    4.20 ms  ████████  ████░░ 61.0 %    never",
        "m3      follower  healthy   12    6.30 ms  ▇▇▇▇▇▇▇▇  ████░░ 61.0 %    never",
        "BACKUPS full snapshot of revision 48000, 2 h ago; 1 s behind",
        "  file:///backups: up to revision 48205, 6 revisions behind",
        "  s3://copy: up to revision 48211",
        "PREFIXES by writes, depth 2   KEYS     BYTES  WRITES/s              5 more",
        "/registry/kind4                840  5.91 MiB      31.5  ██████████",
        "/registry/kind0              1,200  8.58 MiB      12.0  ████░░░░░░",
        "/registry/kind1              1,110  7.92 MiB      11.0  ███░░░░░░░",
        "/registry/kind2              1,020  7.25 MiB      10.0  ███░░░░░░░",
        "/registry/kind3                930  6.58 MiB       9.0  ███░░░░░░░",
        "/registry/kind5                750  5.25 MiB       7.0  ██░░░░░░░░",
        "/registry/kind6                660  4.58 MiB       6.0  ██░░░░░░░░",
        "LAST EVENTS (UTC)",
        "  11:59:30  by others: etcd of m3 was started again.",
        "  11:53:30  defrag m3 succeeded: The file has 33 MB instead of 61 MB.",
        "  11:46:40  m2 leads instead of m1.",
        "q quit  ? help  p pause  d depth  ←→ prefixes by writes  no room for: 5 columns",
      ]
    `);
  });

  it('shows more columns, two tables beside each other and nothing left out on 200 columns and 60 rows', () => {
    const lines = text(seen(operating), 200, 60);
    expectFit(lines, { columns: 200, rows: 60 });
    const all = lines.join('\n');
    expect(all).toMatch(/COMMIT p99 +RTT +DISK FREE +QUOTA +FULL IN +VERSION +CERT/);
    expect(all).toMatch(/PREFIXES by writes, depth 2.*LAST EVENTS/);
    expect(all).toContain('/registry/kind11');
    expect(all).not.toMatch(/\d more( {2}|$)|no room/m);
  });

  it('keeps the worst news and the members on 40 columns and 10 rows, and says what has no room', () => {
    const lines = text(seen(quorumLost), 40, 10);
    expectFit(lines, { columns: 40, rows: 10 });
    expect(lines).toMatchInlineSnapshot(`
      [
        "12:00:00 UTC  shop, by the agent beside…",
        "QUORUM LOST. 1 of 3 voters answer, 2 are",
        "needed.",
        "FINDINGS  5 more",
        "  critical  quorum-lost (certain, 1 min…",
        "MEMBER  HEALTH",
        "m1 *    healthy",
        "m2      unreachable",
        "m3      unreachable",
        "  no room for: 12 columns, backups, pre…",
      ]
    `);
  });

  it.each([
    [1, 1],
    [3, 2],
    [20, 5],
    [80, 7],
    [149, 9],
    [150, 9],
    [300, 100],
  ])('fits into %i columns and %i rows', (columns, rows) => {
    for (const parts of [healthy, operating, quorumLost, {}])
      expectFit(text(seen(parts), columns, rows), { columns, rows });
  });

  it('says of a lost quorum what was found, the gravest first, and shows no figures of silent agents', () => {
    const lines = text(seen(quorumLost), 120, 40);
    const all = lines.join('\n');
    expect(all).toContain('QUORUM LOST. 1 of 3 voters answer, 2 are needed.');
    const order = [
      'quorum-lost (certain, 1 min 40 s)',
      'No quorum: writes',
      'clock-off',
      'the agent beside m2 is silent for 2 min',
      'The clock of m3',
    ];
    const rows = order.map((words) => lines.findIndex((line) => line.includes(words)));
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(rows).not.toContain(-1);
    expect(all).toContain('to do: Look after m2 and m3.');
    const silent = lines.find((line) => line.startsWith('m2')) ?? '';
    expect(silent).toMatch(/unreachable +silent 2 min 5 s/);
    expect(silent).not.toMatch(/ms|%|[▁▂▃▄▅▆▇█]/);
    expect(lines.slice(2, 4).join(' ')).toContain('decisions not known: the agent that leads does not answer');
  });

  it('shows the operation under way with its steps, the newest first, and what waits', () => {
    const lines = text(seen(operating), 120, 40);
    const start = lines.findIndex((line) => line.startsWith('OPERATION defrag on m3, m1, for 3 min 20 s'));
    expect(lines.slice(start, start + 6)).toEqual([
      'OPERATION defrag on m3, m1, for 3 min 20 s, by the agent beside m2, asked for by ada@db1',
      '  → defragment m3, for 12 s: 39.1 MiB',
      '    check m3, 1 min ago: All voters answer.',
      '    taken, 3 min 20 s ago',
      '  waits: snapshot, asked for by ada@db1 1 min ago',
      '    because 38 % of the file of m3 are free pages.',
    ]);
  });

  it('says how far the backups are as the agent that leads sees them, and why that is not known', () => {
    expect(text(seen(healthy), 80, 40)).toContain('BACKUPS full snapshot of revision 48000, 2 h ago; 1 s behind');
    const backups = { fault: { code: 'AGENT_UNREACHABLE', message: 'it does not answer' } };
    expect(text(seen({ ...healthy, backups }), 80, 40)).toContain(
      'BACKUPS the agent beside m2 takes them; how far is not known: it does not answer',
    );
    const { backups: _, ...status } = healthy.status;
    expect(text(seen({ ...healthy, status, backups }), 80, 40).join('\n')).not.toContain('BACKUPS');
  });

  it('says why there is no keyspace', () => {
    const { keyspace: _, ...rest } = healthy;
    expect(text(seen(rest), 80, 40).join('\n')).not.toContain('PREFIXES');
    const fault = { fault: { code: 'COLLECTOR_OFF', message: 'the keyspace is not observed' } };
    expect(text(seen({ ...rest, keyspace: fault }), 80, 40)).toContain('  not known: the keyspace is not observed');
  });

  it('says since when nothing came, and colours nothing as if it were current', () => {
    const of = seen(healthy, {
      heardAtMs: NOW_MS - 75_000,
      fault: { code: 'AGENT_UNREACHABLE', message: 'No agent could be reached.' },
    });
    const lines = frame(of, { columns: 100, rows: 30 }, NOW_MS, options);
    expect(lines[1]?.map((one) => one.text).join('')).toBe(
      'NOTHING CAME for 1 min 15 s: what follows is as of 11:58:45 UTC. No agent could be reached. Trying',
    );
    const below = lines.slice(3, -1).flat();
    expect([...new Set(below.map(({ style }) => style))]).toEqual(['dim']);
    // An agent that hangs breaks no connection.
    expect(text(seen(healthy, { heardAtMs: NOW_MS - 30_000 }), 80, 24)[1]).toContain('NOTHING CAME for 30 s');
    expect(text(seen(healthy, { heardAtMs: NOW_MS - 10_000 }), 80, 24).join()).not.toContain('NOTHING CAME');
  });

  it('says that the screen stands still, and that everything is paused', () => {
    const paused = { reason: 'disks are replaced', by: 'ada@db1', until: new Date(NOW_MS + 3_600_000).toISOString() };
    const of = seen({ ...healthy, status: { ...healthy.status, paused } });
    const lines = text(of, 100, 30, { pausedAtMs: NOW_MS });
    expect(lines[0]).toMatch(/^SCREEN PAUSED at 12:00:00/);
    expect(lines).toContain('PAUSED for another 1 h, by ada@db1: disks are replaced');
  });

  it('sorts prefixes and members as asked, and shows another depth', () => {
    const first = (view: Partial<typeof firstView>, after: RegExp): string => {
      const lines = text(seen(healthy), 100, 40, { view: { ...firstView, ...view } });
      return lines[lines.findIndex((line) => after.test(line)) + 1]?.split(' ')[0] ?? '';
    };
    expect(first({}, /^PREFIXES by writes, depth 2/)).toBe('/registry/kind4');
    expect(first({ prefixes: 'bytes' }, /^PREFIXES by bytes/)).toBe('/registry/kind0');
    expect(first({ depth: 1 }, /^PREFIXES by writes, depth 1/)).toBe('/registry');
    expect(first({ depth: 9 }, /^PREFIXES by writes, depth 2/)).toBe('/registry/kind4');
    expect(first({}, /^MEMBER/)).toBe('m1');
    expect(first({ members: 'fsync' }, /^MEMBER/)).toBe('m3');
  });

  it('is made of ASCII where the locale is not UTF-8', () => {
    const lines = frame(seen(operating), { columns: 80, rows: 24 }, NOW_MS, { ...options, unicode: false });
    const shown = lines.map((line) => escapeCodes(line, { colour: false, unicode: false }));
    expectFit(shown, { columns: 80, rows: 24 });
    expect(shown.join('')).toMatch(/^[ -~]*$/);
    expect(shown.join('')).toContain('####.. 61.0 %');
  });

  it('has colours as escape codes only where they are wanted', () => {
    const lines = frame(seen(quorumLost), { columns: 80, rows: 24 }, NOW_MS, options);
    const coloured = lines.map((line) => escapeCodes(line, { colour: true, unicode: true })).join('\n');
    expect(coloured).toContain('\x1b[1m\x1b[37m\x1b[41mQUORUM LOST');
    expect(lines.map((line) => escapeCodes(line, plain)).join('\n')).not.toContain('\x1b');
  });

  it('lets nothing of the cluster reach the terminal but characters that it shows, and keeps the columns', () => {
    const hostile = fc.oneof(
      // Half of them from the first blocks, where control characters and combining marks are.
      fc
        .array(fc.oneof(fc.nat(0x36f), fc.nat(0x10ffff)), { maxLength: 30 })
        .map((points) => String.fromCodePoint(...points)),
      fc.constantFrom(
        '\x1b[2J\x1b]0;owned\x07',
        'a\u202eb',
        '\u009b31m',
        '日本語のキー',
        'e\u0301e\u0301',
        '👩‍👩‍👧',
        '\ud800',
        'ก็ก็',
      ),
    );
    fc.assert(
      fc.property(hostile, fc.integer({ min: 20, max: 160 }), (words, columns) => {
        const lines = frame(seen(named(words)), { columns, rows: 40 }, NOW_MS, options);
        const shown = lines.map((line) => escapeCodes(line, plain));
        expect(shown.filter((line) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(line))).toEqual([]);
        expect(shown.filter((line) => stringWidth(line) > columns)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

/** The operating cluster, with these words wherever the cluster has the say. */
function named(words: string): Parts {
  const replaced = JSON.stringify(operating, (key, value: unknown) =>
    typeof value === 'string' &&
    /^(prefix|message|detail|summary|name|member|by|reasons|url|version|requestedBy)$/.test(key)
      ? words
      : value,
  );
  return JSON.parse(replaced) as Parts;
}
