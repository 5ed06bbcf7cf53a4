import { describe, expect, it } from 'vitest';
import { historyLines } from '../../../src/ui/history/history-lines.ts';
import { healthyParts } from '../support/fixture-cluster.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

describe('the history', () => {
  const { operations, changes } = healthyParts(now);
  const history = 'history' in operations ? operations.history : [];

  it('has operations and what others changed as one list, the newest first', () => {
    const lines = historyLines(history, changes);
    expect(lines.map((line) => (line.kind === 'operation' ? line.entry.operation : line.change.kind))).toEqual([
      'compaction',
      'raft-leader',
      'restarted',
      'drill',
      'agent-version',
      'defrag',
    ]);
    expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
  });

  it('says a pause once: by the entry that says who paused', () => {
    const paused = { at: new Date(now).toISOString(), kind: 'paused', by: 'caretaker', message: 'Paused.' } as const;
    const [first] = history;
    if (first === undefined) throw new Error('the fixture has no history');
    expect(historyLines([{ ...first, operation: 'pause' }], [paused])).toHaveLength(1);
    expect(historyLines([first], [paused])).toHaveLength(2);
  });
});
