import { describe, expect, it } from 'vitest';
import type { DecisionsReply, OperationsReply } from '../../src/cli/caretaking-reply.ts';
import { type ExplainContext, explainPolicyText, explainText } from '../../src/cli/explain-text.ts';

const nowMs = Date.parse('2026-01-01T12:00:00.000Z');
const context: ExplainContext = {
  nameOf: (id) => ({ ab: 'm1', cd: 'm2' })[id] ?? id,
  paint: (_style, text) => text,
  nowMs,
};

const leader = { memberId: 'cd', member: 'm2', instance: 'x', epoch: '7', sinceMs: nowMs - 3_600_000 };
const armed = { atMs: nowMs - 7_200_000, epoch: '6', members: ['ab', 'cd'] };
const decisions: DecisionsReply['decisions'] = [
  {
    policy: 'defrag',
    decision: 'plan',
    reasons: [
      { code: 'RECLAIMABLE', message: 'm1 could give back 1.20 GiB (48.0 %).' },
      { code: 'WINDOW', message: 'The next window begins at 2026-01-02T02:00Z.' },
    ],
    action: { operation: 'defrag', targets: ['ab', 'cd'], parameters: { minReclaimableBytes: 1024, term: '7' } },
  },
  { policy: 'nospace', decision: 'hold', reasons: [{ code: 'NO_ALARM', message: 'No alarm is raised.' }] },
  {
    policy: 'hash-check',
    decision: 'hold',
    page: true,
    requestedBy: 'ada@db1',
    reasons: [{ code: 'MISMATCH', message: 'm1 and m2 differ.' }],
  },
];
const nothingDone: OperationsReply = { history: [] };

describe('explain', () => {
  it('says who leads since when, and of every policy its decision with all reasons', () => {
    expect(explainText({ leader, armed, decisions }, context)).toBe(
      `The agent beside m2 leads, epoch 7, since 2026-01-01T11:00:00Z (1 h ago).
Armed since 2026-01-01T10:00:00Z (2 h ago).

POLICY      DECISION   REASONS
defrag      plan       m1 could give back 1.20 GiB (48.0 %).
                       The next window begins at 2026-01-02T02:00Z.
nospace     hold       No alarm is raised.
hash-check  hold PAGE  m1 and m2 differ.
`,
    );
  });

  it('says what holds the agents back', () => {
    const text = explainText(
      {
        decisions: [],
        arming: '2 of 3 voters have an agent.',
        pause: { reason: 'new disks', by: 'ada@db1', atMs: nowMs, untilMs: nowMs + 5_400_000 },
        breakers: [{ policy: 'defrag', failures: 3 }],
        slot: {
          ...{ id: 'r1', operation: 'compaction', operationVersion: 1, targets: ['ab'], phase: 'compact' },
          ...{ epoch: '7', holder: 'cd', startedAtMs: nowMs - 5000, phaseAtMs: nowMs, reasons: [], parameters: {} },
          ...{ progress: {}, steps: [] },
        },
      },
      context,
    );
    expect(text).toContain('No agent leads: nothing is decided.\n');
    expect(text).toContain('Not armed: nothing is done yet, only planned. 2 of 3 voters have an agent.\n');
    expect(text).toContain('PAUSED by ada@db1 for another 1 h 30 min: new disks\n');
    expect(text).toContain('Breaker open: defrag failed 3 times in a row. It waits for `etcd-caretaker resume`.\n');
    expect(text).toContain('Under way: compaction on m1, at compact, begun 5 s ago.\n');
    expect(text).toContain('No policy has decided anything yet.\n');
  });

  it('marks decisions without moving the columns', () => {
    const marked = { ...context, paint: (style: string, text: string) => `<${style}>${text}</>` };
    const plain = explainText({ leader, armed, decisions }, context);
    const painted = explainText({ leader, armed, decisions }, marked);
    expect(painted).toContain('hash-check  <gray>hold</> <red>PAGE</>  m1');
    expect(painted.replaceAll(/<[^>]*>/g, '')).toBe(plain);
  });
});

describe('explain of one policy', () => {
  it('says what would be done to whom, with the codes of all reasons and how it ended last', () => {
    const text = explainPolicyText(
      { leader, armed, decisions },
      {
        history: [
          {
            ...{ revision: '9', id: 'r1', operation: 'defrag', outcome: 'failed', epoch: '6', holder: 'ab' },
            ...{ targets: [], startedAtMs: nowMs, endedAtMs: nowMs - 60_000, seconds: 3, reasons: [], figures: {} },
            ...{ steps: [], summary: 'm1 did not come back.', requestedBy: 'ada@db1' },
          },
        ],
      },
      'defrag',
      context,
    );
    expect(text).toContain(`
defrag: plan
  - m1 could give back 1.20 GiB (48.0 %). (RECLAIMABLE)
  - The next window begins at 2026-01-02T02:00Z. (WINDOW)
Would do: defrag on m1, then m2
  minReclaimableBytes: 1024
  term: 7
Last time: failed, 1 min ago, asked for by ada@db1. m1 did not come back.
`);
  });

  it('says who asked, that a person has to look, and that it was never done', () => {
    const text = explainPolicyText({ leader, armed, decisions }, nothingDone, 'hash-check', context);
    expect(text).toContain('hash-check: hold PAGE\n');
    expect(text).toContain('  asked for by ada@db1\nIt has not been done yet');
  });

  it('says what is done now', () => {
    const [first] = decisions;
    const acting = first === undefined ? [] : [{ ...first, decision: 'act' as const }];
    const text = explainPolicyText({ leader, armed, decisions: acting }, nothingDone, 'defrag', context);
    expect(text).toContain('Does: defrag on m1, then m2\n');
  });

  it('has nothing to say of a policy that has not decided', () => {
    expect(explainPolicyText({ decisions: [] }, nothingDone, 'defrag', context)).toBeUndefined();
  });
});
