import { describe, expect, it } from 'vitest';
import { notSeen, todoItems } from '../../../src/ui/todo/todo-items.ts';
import { situations } from '../support/fixture-situations.ts';

const now = Date.parse('2026-01-01T12:00:00Z');

describe('what is to do', () => {
  it('is nothing in a healthy cluster', () => {
    expect(todoItems(situations['healthy']?.parts(now) ?? {})).toEqual([]);
  });

  it('has what several agents say once, as the surest has it, the gravest first and what comes of it last', () => {
    const items = todoItems(situations['member-down']?.parts(now) ?? {});
    expect(items.map(({ severity, code }) => [severity, code])).toEqual([
      ['critical', 'machine-gone'],
      ['warning', 'NO_SPARE_VOTER'],
      ['info', 'member-unreachable'],
    ]);
    expect(items[0]).toMatchObject({ title: 'm3: The machine is gone', confidence: 'certain' });
    expect(items[2]).toMatchObject({ comesOf: 'The machine is gone' });
  });

  it('says of a member that does not answer why, where no agent knows the cause', () => {
    const parts = situations['member-down']?.parts(now);
    const items = todoItems({ status: parts?.status, members: [] });
    expect(items.map(({ title }) => title)).toContain('m3 does not answer as it should');
  });

  it('has an agent that is silent beside a member that is well', () => {
    expect(todoItems(situations['agent-silent']?.parts(now) ?? {})).toMatchObject([
      { severity: 'warning', title: 'The agent beside m3 is silent', todo: expect.stringContaining('systemctl') },
    ]);
  });

  it('has apart what the agent could not read', () => {
    expect(notSeen(situations['quorum-lost']?.parts(now).status)).toMatchObject([
      { title: 'keyspace is not seen: no quorum answers', todo: 'Bring the quorum back first.' },
    ]);
  });
});
