import { describe, expect, it } from 'vitest';
import { caretakingText } from '../../src/cli/caretaking-text.ts';
import { statusText } from '../../src/cli/status-text.ts';
import type { AsJson } from '../../src/expose/as-json.ts';
import { toJson } from '../../src/expose/http/json.ts';
import { type Status, statusOf } from '../../src/expose/status.ts';
import { fullCaretaking } from '../expose/support/full-caretaking.ts';
import { emptyObservation, fullObservation } from '../expose/support/full-observation.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 30);

function over(observation: typeof fullObservation): AsJson<Status> {
  return JSON.parse(toJson(statusOf(observation)));
}

describe('acting, in a status', () => {
  it('is who leads the agents, the operation under way with its newest step, and every pause', () => {
    expect(caretakingText(over(fullObservation), nowMs)).toBe(
      [
        'Agents    2 of 4 registered, that beside m1 leads (epoch 12)',
        'Operation defrag on m1, m2, for 1 min 30 s, asked for by token (ada@db1)',
        '          defragment m1, for 30 s: m1, 80 MiB, about 3 s',
        'PAUSED    for another 1 h 55 min, by token (ada@db1): the storage is being moved',
        'PAUSED    this agent: Paused here by bob: no quorum',
        '',
      ].join('\n'),
    );
  });

  it('counts an agent whose member is in no list apart from those beside the members', () => {
    const [first] = fullCaretaking.agents;
    if (first === undefined) throw new Error('there is no agent');
    const candidate = { ...first, memberId: 'candidate:m9', member: 'm9', candidate: { peerUrls: [] } };
    const caretaking = { ...fullCaretaking, agents: [...fullCaretaking.agents, candidate] };
    expect(caretakingText(over({ ...fullObservation, caretaking }), nowMs)).toContain(
      'Agents    2 of 4 registered (and m9, to be taken in), that beside m1 leads',
    );
  });

  it('says that the agents are not armed, that none leads, and that what it says may be old', () => {
    const { leader: _, armed: __, slot: ___, pause: ____, localPause: _____, ...rest } = fullCaretaking;
    const caretaking = { ...rest, journalConnected: false };
    expect(caretakingText(over({ ...fullObservation, caretaking }), nowMs)).toBe(
      'Agents    2 of 4 registered, none leads; not armed yet: they only plan; as last seen: etcd does not tell now\n',
    );
  });

  it('does not count back where clocks differ', () => {
    const text = caretakingText(over(fullObservation), Date.UTC(2026, 0, 2));
    expect(text).toContain('defrag on m1, m2, for 0 s');
  });

  it('is nothing where the agent only observes', () => {
    expect(caretakingText(over(emptyObservation), nowMs)).toBe('');
  });

  it('stands in the whole status after the members', () => {
    const lines = statusText(over(fullObservation), nowMs).split('\n');
    const at = (word: string): number => lines.findIndex((line) => line.startsWith(word));
    expect(at('MEMBER')).toBeLessThan(at('Agents'));
    expect(at('Latency')).toBeLessThan(at('Agents'));
    expect(at('Agents')).toBeLessThan(at('Findings'));
  });
});
