import { describe, expect, it } from 'vitest';
import type { AgentReport } from '../../src/cluster/assemble-state.ts';
import { Silences } from '../../src/cluster/silences.ts';

const members = (reachable: boolean) => [
  { id: 'a', reachable: true },
  { id: 'b', reachable },
];

function report(reached: Readonly<Record<string, boolean>>, ageSeconds = 1): AgentReport {
  return { sight: { reached: new Map(Object.entries(reached)) }, ageSeconds };
}

describe('the silence of a member', () => {
  it('is counted from when it was first not reached, and ends when it is', () => {
    const silences = new Silences();
    const secondsAt = (ms: number, reachable: boolean) => {
      silences.look(members(reachable), ms);
      return silences.told(members(reachable), new Map()).get('b')?.seconds;
    };
    expect([secondsAt(0, true), secondsAt(1000, false), secondsAt(4000, false), secondsAt(5000, true)]).toEqual([
      0, 0, 3, 0,
    ]);
  });

  it('is told by all agents but the one beside it, and by none that said so too long ago', () => {
    const silences = new Silences();
    silences.look(members(false), 0);
    const reports = new Map([
      ['a', report({ a: true, b: false })],
      ['b', report({ a: true, b: true })],
      ['c', report({ a: true, b: true })],
      ['d', report({ a: false, b: false }, 61)],
    ]);
    expect(silences.told(members(false), reports).get('b')).toEqual({ seconds: 0, observers: 2, silentTo: 1 });
  });

  it('is as long as the one says that has not heard it for the shortest time', () => {
    const silences = new Silences();
    silences.look(members(false), 0);
    silences.look(members(false), 50_000);
    const second: AgentReport = {
      sight: { reached: new Map([['b', false]]), silentSeconds: new Map([['b', 2]]) },
      ageSeconds: 1,
    };
    const reports = new Map([
      ['a', report({ b: false })],
      ['c', second],
    ]);
    expect(silences.told(members(false), reports).get('b')).toEqual({ seconds: 2, observers: 2, silentTo: 2 });
  });

  it('is not told by what was said before the member can have been silent for long enough', () => {
    const silences = new Silences();
    silences.look(members(false), 0);
    const reports = new Map([['c', report({ b: false }, 11)]]);
    expect(silences.told(members(false), reports, 10).get('b')?.observers).toBe(0);
    expect(silences.told(members(false), reports, 300).get('b')?.observers).toBe(1);
  });

  it('begins anew for a member that was removed and comes back', () => {
    const silences = new Silences();
    silences.look(members(false), 0);
    silences.look([{ id: 'a', reachable: true }], 1000);
    silences.look(members(false), 2000);
    expect(silences.told(members(false), new Map()).get('b')?.seconds).toBe(0);
  });
});
