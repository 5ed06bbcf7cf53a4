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

  it('has what the leading agent says is wrong with backups, also in the page of another one', () => {
    const parts = situations['healthy']?.parts(now);
    const fault = { code: 'STORE_DENIED', message: 'The store refuses it.', remedy: 'Look at the rights.' };
    const backups = { working: true, kinds: [], stores: [], fault };
    expect(parts?.status.leader?.own).toBe(false);
    expect(todoItems({ ...parts, backups })).toMatchObject([
      { severity: 'warning', code: 'STORE_DENIED', evidence: ['The store refuses it.'], todo: 'Look at the rights.' },
    ]);
  });

  it('has what a policy of the leading agent wants a person to look at, and one that has given up', () => {
    const parts = situations['healthy']?.parts(now);
    const decision = {
      policy: 'snapshot' as const,
      decision: 'hold' as const,
      reasons: [{ code: 'SNAPSHOT_FAILED', message: 'The last one failed.' }] as const,
      page: true,
    };
    const decisions = { decisions: [decision], breakers: [{ policy: 'defrag', failures: 3 }] };
    expect(todoItems({ ...parts, decisions })).toMatchObject([
      { code: 'SNAPSHOT_FAILED', title: 'snapshot: a person has to look', evidence: ['The last one failed.'] },
      { code: 'BREAKER_OPEN', title: 'defrag has stopped after 3 failures' },
    ]);
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
