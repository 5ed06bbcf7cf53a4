import { describe, expect, it } from 'vitest';
import type { OperationsJson } from '../../../src/cli/caretaking-reply.ts';
import { follow } from '../../../src/cli/run/follow.ts';
import { outcomeText } from '../../../src/cli/run/outcome-text.ts';

type Slot = NonNullable<OperationsJson['slot']>;
type Entry = OperationsJson['history'][number];

const atMs = Date.parse('2026-01-01T12:00:00.000Z');

const slot: Slot = {
  ...{ id: 'r1', operation: 'defrag', operationVersion: 1, targets: ['ab'], phase: 'taken', epoch: '7', holder: 'cd' },
  ...{ startedAtMs: atMs, phaseAtMs: atMs, reasons: [], parameters: {}, progress: {}, steps: [] },
};
const entry: Entry = {
  ...{ revision: '9', id: 'r1', operation: 'defrag', outcome: 'succeeded', epoch: '7', holder: 'cd', targets: ['ab'] },
  ...{ startedAtMs: atMs, endedAtMs: atMs, seconds: 12, reasons: ['asked for'], figures: {}, steps: [] },
  summary: '1.20 GiB were given back.',
};
const [first, second, third] = [
  { name: 'defragment', memberId: 'ab', atMs: atMs + 1000, detail: '2.50 GiB' },
  { name: 'settle', atMs: atMs + 2000 },
  { name: 'defragment', memberId: 'zz', atMs: atMs + 3000 },
] as const;

/** What is said while these are the answers, one after another; the last one again and again. */
async function followed(
  answers: readonly (OperationsJson | Error)[],
  signal = new AbortController().signal,
  heldBy: () => Promise<string | undefined> = async () => undefined,
): Promise<{ readonly ended: Entry; readonly said: readonly string[] }> {
  const said: string[] = [];
  let asked = 0;
  const ended = await follow({
    id: 'r1',
    read: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    heldBy,
    say: (line) => said.push(line),
    nameOf: (id) => (id === 'ab' ? 'm1' : id),
    pollMs: 1,
    signal,
  });
  return { ended, said };
}

describe('following an operation', () => {
  it('says each step once, with the member’s name, and gives the end', async () => {
    const { ended, said } = await followed([
      { requests: [], history: [] },
      { requests: [], history: [] },
      { slot, requests: [], history: [] },
      { slot: { ...slot, steps: [first] }, requests: [], history: [] },
      { slot: { ...slot, steps: [first, second] }, requests: [], history: [] },
      {
        requests: [],
        history: [
          { ...entry, id: 'r2' },
          { ...entry, steps: [first, second, third] },
        ],
      },
    ]);
    expect(ended.id).toBe('r1');
    expect(said).toEqual([
      'Asked for; the leading agent has not begun yet.',
      '12:00:01 UTC  defragment m1: 2.50 GiB',
      '12:00:02 UTC  settle',
      '12:00:03 UTC  defragment zz',
    ]);
  });

  it('goes on where the journal has left out its oldest steps', async () => {
    const left = { name: 'left-out', atMs: atMs + 2000, detail: 'Earlier steps are left out.' };
    const { said } = await followed([
      { slot: { ...slot, steps: [first, second] }, requests: [], history: [] },
      { slot: { ...slot, steps: [left, second, third] }, requests: [], history: [] },
      { requests: [], history: [entry] },
    ]);
    expect(said.filter((line) => line.includes('settle'))).toHaveLength(1);
    expect(said.at(-1)).toContain('defragment zz');
  });

  it('says what it waits for', async () => {
    const other = { ...slot, id: 'r0', operation: 'compaction' };
    const { said } = await followed([
      { slot: other, requests: [], history: [] },
      { slot: other, requests: [], history: [] },
      { requests: [], history: [entry] },
    ]);
    expect(said).toEqual(['Asked for; it waits until compaction is over.']);
  });

  it('says what keeps the leading agent from it, once, and goes on where nobody says', async () => {
    const nothing = { requests: [], history: [] };
    const reasons = ['m3 lags 12,400 entries', 'm3 lags 12,400 entries', 'a window is waited for'];
    const { said } = await followed(
      [nothing, nothing, nothing, nothing, { requests: [], history: [entry] }],
      undefined,
      async () => {
        const reason = reasons.shift();
        if (reason === undefined) throw new Error('no agent leads');
        return reason;
      },
    );
    expect(said).toEqual([
      'Asked for; held: m3 lags 12,400 entries.',
      'Asked for; held: a window is waited for.',
      'Asked for; the leading agent has not begun yet.',
    ]);
  });

  it('goes on while no agent answers, and says so once', async () => {
    const gone = new Error('No agent could be reached.');
    const { said } = await followed([
      gone,
      gone,
      gone,
      { slot, requests: [], history: [] },
      gone,
      { requests: [], history: [entry] },
    ]);
    expect(said).toEqual([
      'note: No agent could be reached. Asking again.',
      'note: No agent could be reached. Asking again.',
    ]);
  });

  it('ends with the reason of its signal, also while it waits for an answer', async () => {
    const control = new AbortController();
    const waits = followed([{ slot, requests: [], history: [] }], control.signal);
    setTimeout(() => control.abort(new Error('enough')), 20);
    await expect(waits).rejects.toThrow('enough');
    await expect(followed([new Error('aborted')], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('the end of an operation in words', () => {
  it.each<[string, Partial<Entry>, string]>([
    ['success', {}, 'defrag succeeded after 12 s. 1.20 GiB were given back.\n'],
    [
      'a stop',
      { outcome: 'stopped', code: 'LAGS', summary: 'm1 lags.' },
      'defrag stopped after 12 s. m1 lags. (LAGS)\n  - asked for\n',
    ],
    [
      'a refusal',
      { outcome: 'refused', code: 'UNKNOWN_OPERATION', summary: 'No.', reasons: ['No.', 'Nobody knows how.'] },
      'defrag refused. No. (UNKNOWN_OPERATION)\n  - Nobody knows how.\n',
    ],
  ])('tells %s', (_, more, text) => {
    expect(outcomeText({ ...entry, ...more })).toBe(text);
  });
});
