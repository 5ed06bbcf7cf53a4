import { stripVTControlCharacters, styleText } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { CaretakingJson, DecisionsJson, OperationsJson } from '../../src/cli/caretaking-reply.ts';
import { type Explained, explainPolicyText, explainText } from '../../src/cli/explain-text.ts';
import type { Paint } from '../../src/cli/look.ts';

const nowMs = Date.parse('2026-01-01T12:00:00.000Z');
const leader = { memberId: 'cd', member: 'm2', instance: 'x', epoch: '7', sinceMs: nowMs - 3_600_000 };
const armed: CaretakingJson['armed'] = { atMs: nowMs - 7_200_000, epoch: '6', members: ['ab', 'cd'] };
const decisions: DecisionsJson['decisions'] = [
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
const nothingDone: OperationsJson = { requests: [], history: [] };
const view: CaretakingJson = {
  ...{ leads: false, registered: true, journalConnected: true, faults: [], agents: [], history: [], requests: [] },
  ...{
    decisions: [],
    judged: [],
    decisionCounts: [],
    operationCounts: [],
    operationDurations: [],
    drillFailures: [],
    armed,
  },
};
const explained: Explained = {
  reply: { leader, decisions },
  view,
  nameOf: (id) => ({ ab: 'm1', cd: 'm2' })[id] ?? id,
  paint: (_style, text) => text,
  nowMs,
};

describe('explain', () => {
  it('says who leads since when, and of every policy its decision with all reasons', () => {
    expect(explainText({ ...explained, reply: { leader, decisions, decidedAtMs: nowMs - 4000 } })).toBe(
      `The agent beside m2 leads, epoch 7, since 2026-01-01T11:00:00Z (1 h ago). It decided last 4 s ago.
Armed since 2026-01-01T10:00:00Z (2 h ago).

POLICY      DECISION   REASONS
defrag      plan       m1 could give back 1.20 GiB (48.0 %).
                       The next window begins at 2026-01-02T02:00Z.
nospace     hold       No alarm is raised.
hash-check  hold PAGE  m1 and m2 differ.
                       asked for by ada@db1
`,
    );
  });

  it('says what holds the agents back', () => {
    const { armed: _, ...unarmed } = view;
    const text = explainText({
      ...explained,
      reply: {
        decisions: [
          { policy: 'defrag', decision: 'hold', reasons: [{ code: 'BREAKER_OPEN', message: 'failed thrice' }] },
        ],
      },
      view: {
        ...unarmed,
        readySeconds: 720,
        pause: { reason: 'new disks', by: 'ada@db1', atMs: nowMs, untilMs: nowMs + 5_400_000 },
        localPause: 'Paused here by bob until noon: me too',
        faults: [{ code: 'ETCD_UNREACHABLE', message: 'The journal cannot be read.' }],
        slot: {
          ...{ id: 'r1', operation: 'compaction', operationVersion: 1, targets: ['ab'], phase: 'compact' },
          ...{ epoch: '7', holder: 'cd', startedAtMs: nowMs - 5000, phaseAtMs: nowMs, reasons: [], parameters: {} },
          ...{ progress: {}, steps: [] },
        },
      },
    });
    expect(text.split('\n').slice(0, 7)).toEqual([
      'No agent leads: nothing is decided.',
      'Not armed yet: it is only said what would be done (every voter has had an agent and health for 12 min).',
      'Under way: compaction m1, at step compact, begun 5 s ago.',
      'PAUSED by ada@db1 for another 1 h 30 min: new disks',
      'The agent that answers is PAUSED by its file. Paused here by bob until noon: me too',
      'Breaker open: defrag. `etcd-caretaker resume` closes it.',
      'warning: The journal cannot be read.',
    ]);
  });

  it('says what is waited for before anything is done', () => {
    const { armed: _, ...unarmed } = view;
    const reply = { leader, decisions, arming: 'm3 has no agent' };
    expect(explainText({ ...explained, reply, view: unarmed })).toContain(
      'Not armed yet: it is only said what would be done (m3 has no agent).\n',
    );
  });

  it('says that nothing is decided yet, also where the agent says nothing of itself', () => {
    const text = explainText({ ...explained, reply: { leader, decisions: [] }, view: undefined });
    expect(text).toMatch(/^The agent beside m2 leads.*\n\nNo policy has decided anything yet.\n$/);
  });

  it('marks decisions without moving the columns', () => {
    const paint: Paint = (style, text) => styleText(style, text, { validateStream: false });
    const painted = explainText({ ...explained, paint });
    expect(painted).toContain(`${paint('dim', 'hold')} ${paint('red', 'PAGE')}  m1`);
    expect(painted).toContain(`${paint('yellow', 'plan')}       m1`);
    expect(stripVTControlCharacters(painted)).toBe(explainText(explained));
  });
});

describe('explain of one policy', () => {
  it('says what would be done to whom, with the codes of all reasons and how it ended last', () => {
    const history: OperationsJson['history'] = [
      {
        ...{ revision: '9', id: 'r1', operation: 'defrag', outcome: 'failed', epoch: '6', holder: 'ab' },
        ...{ targets: [], startedAtMs: nowMs, endedAtMs: nowMs - 60_000, seconds: 3, reasons: [], figures: {} },
        ...{ steps: [], summary: 'm1 did not come back.', requestedBy: 'ada@db1' },
      },
      {
        ...{ revision: '8', id: 'r0', operation: 'defrag', outcome: 'succeeded', epoch: '6', holder: 'ab' },
        ...{ targets: [], startedAtMs: nowMs, endedAtMs: nowMs - 3_600_000, seconds: 3, reasons: [], figures: {} },
        ...{ steps: [], summary: 'It gave back 1 GiB.' },
      },
    ];
    expect(explainPolicyText(explained, { ...nothingDone, history }, 'defrag')).toContain(`
defrag: plan
  - m1 could give back 1.20 GiB (48.0 %). (RECLAIMABLE)
  - The next window begins at 2026-01-02T02:00Z. (WINDOW)
Would do: defrag on m1, then m2
  minReclaimableBytes: 1024
  term: 7
Last time: failed, 1 min ago, asked for by ada@db1. m1 did not come back.
Before: succeeded, 1 h ago. It gave back 1 GiB.
`);
  });

  it('says who asked, that a person has to look, and that it was never done', () => {
    const text = explainPolicyText(explained, nothingDone, 'hash-check');
    expect(text).toContain('hash-check: hold PAGE\n');
    expect(text).toContain('  asked for by ada@db1\nIt has not been done yet');
  });

  it('says what is done now, and what a request and the policy itself say', () => {
    const reply = {
      leader,
      decisions: decisions.map((one) => ({ ...one, policy: 'defrag', decision: 'act' }) as const),
    };
    const text = explainPolicyText({ ...explained, reply }, nothingDone, 'defrag');
    expect(text).toContain('Does: defrag on m1, then m2\n');
    expect(text?.match(/defrag: act/g)).toHaveLength(3);
  });
});
