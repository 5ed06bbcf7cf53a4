import { describe, expect, it } from 'vitest';
import type { CaretakingView } from '../../../src/cluster/caretaking-view.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import type { ClusterMember, ClusterSection } from '../../../src/cluster/sections.ts';
import { ChangeLog } from '../../../src/expose/live/change-log.ts';
import { changesBetween } from '../../../src/expose/live/cluster-changes.ts';
import { clusterFacts } from '../../../src/expose/live/cluster-facts.ts';
import { ended, fullCaretaking, slot } from '../support/full-caretaking.ts';
import { fullObservation } from '../support/full-observation.ts';
import { roundAt } from './rounds.ts';

const cluster = fullObservation.sections.cluster?.value;
if (cluster === undefined) throw new Error('the fixture has one');
const [m1, m2, m3, unstarted] = cluster.members as readonly [
  ClusterMember,
  ClusterMember,
  ClusterMember,
  ClusterMember,
];
const { slot: _slot, history: _history, ...idle } = fullCaretaking;

interface Scene {
  readonly cluster?: Partial<ClusterSection>;
  readonly caretaking?: Partial<CaretakingView>;
  readonly process?: object;
}

/** A round, with nothing under way unless the scene says so. */
const scene = (seconds: number, { cluster: part = {}, caretaking = {}, process = {} }: Scene = {}): Observation => ({
  ...roundAt(seconds, { cluster: part, process }),
  caretaking: { ...idle, history: [ended], ...caretaking },
});

const without = (observation: Observation, name: 'cluster' | 'process'): Observation => {
  const { [name]: reading, ...others } = observation.sections;
  const fault = { code: 'EIO', message: 'It failed.' };
  const failed = { observedAtMs: reading?.observedAtMs ?? 0, durationSeconds: 1, fault };
  return { ...observation, sections: { ...others, [name]: failed } };
};

/** What each round changes, by kind, member and doer. */
const told = (...rounds: readonly Observation[]) => {
  const log = new ChangeLog();
  for (const round of rounds) log.take(round);
  return log.changes.toReversed().map(({ kind, member = '', by }) => `${kind} ${member} ${by}`);
};

const down = { ...m2, reachable: false, healthy: false };
const members = (...list: readonly ClusterMember[]): Scene => ({ cluster: { members: list } });

describe('what has changed in a cluster', () => {
  it('is nothing at the first observation, nor where all is as it was', () => {
    expect(told(scene(0), scene(5), scene(10))).toEqual([]);
  });

  it.each<[string, Scene, Scene, readonly string[]]>([
    ['another raft leader', {}, { cluster: { leaderId: m1.id } }, ['raft-leader m1 others']],
    ['a member that is lost', {}, members(m1, down, m3, unstarted), ['lost m2 others']],
    ['a member that is back', members(m1, down, m3, unstarted), {}, ['back m2 others']],
    ['a learner that was added', members(m1, m2, m3), {}, ['member-added a8266ecf031671f3 others']],
    ['a member that was removed', {}, members(m1, m2, unstarted), ['member-removed m3 others']],
    ['a promotion', {}, members(m1, m2, m3, { ...unstarted, isLearner: false }), ['promoted a8266ecf031671f3 others']],
    [
      'another version',
      {},
      members(
        m1,
        { ...m2, status: { ...m2.status, version: '3.6.1' } as NonNullable<ClusterMember['status']> },
        m3,
        unstarted,
      ),
      ['version m2 others'],
    ],
    ['an alarm', { cluster: { alarms: [] } }, {}, ['alarm m1 others']],
    ['an alarm that is over', {}, { cluster: { alarms: [] } }, ['alarm-over m1 others']],
    ['a quorum that is lost', {}, { cluster: { votersReachable: 1 } }, ['quorum-lost  others']],
    ['a quorum that is back', { cluster: { votersReachable: 1 } }, {}, ['quorum-back  others']],
    ['a new process', {}, { process: { pid: 4243 } }, ['restarted m1 others']],
    [
      'a new process of the same number, as in a container',
      {},
      { process: { cpuSeconds: 1 } },
      ['restarted m1 others'],
    ],
    [
      'another leading agent',
      {},
      { caretaking: { leader: { memberId: m2.id, member: 'm2', instance: 'i', epoch: 13n, sinceMs: 1 } } },
      ['agent-leader m2 others'],
    ],
    [
      'another version of an agent',
      {},
      {
        caretaking: {
          agents: idle.agents.map((agent) => ({ ...agent, version: agent.member === 'm2' ? '9.9.9' : agent.version })),
        },
      },
      ['agent-version m2 others'],
    ],
  ])('is %s', (_, before, after, changes) => {
    expect(told(scene(0, before), scene(5, after), scene(10, after))).toEqual(changes);
  });

  it('is a pause and its end, with who said so', () => {
    const { pause: _pause, ...unpaused } = idle;
    const at = (seconds: number, caretaking: Partial<CaretakingView>): Observation => ({
      ...roundAt(seconds),
      caretaking: { ...unpaused, history: [], ...caretaking },
    });
    const pause = { reason: 'a new disk', by: 'ada', atMs: 1, untilMs: 2 };
    const log = new ChangeLog();
    for (const round of [at(0, {}), at(5, { pause }), at(10, {})]) log.take(round);
    expect(log.changes).toMatchObject([
      { kind: 'resumed' },
      { kind: 'paused', message: 'ada has paused the agents: a new disk' },
    ]);
  });

  it('is not what a reading that failed once does not know', () => {
    const { leaderId: _leader, ...leaderless } = cluster;
    expect(
      told(
        scene(0),
        without(scene(5), 'cluster'),
        without(scene(10), 'process'),
        {
          ...scene(12),
          sections: { ...scene(12).sections, cluster: { observedAtMs: 1, durationSeconds: 1, value: leaderless } },
        },
        scene(15, { caretaking: { journalConnected: false, agents: [] } }),
        // The memory of one member, which is older.
        scene(20, { cluster: { linearizable: false, members: [m1, m2] } }),
        scene(25),
      ),
    ).toEqual([]);
    expect(told(scene(0), without(scene(5), 'cluster'), scene(10, { cluster: { leaderId: m1.id } }))).toEqual([
      'raft-leader m1 others',
    ]);
  });

  it('was done by the agents where an operation that does so was about that member, also just before', () => {
    const restart = { ...slot, operation: 'restart', targets: [m2.id], steps: [] };
    const under = { caretaking: { slot: restart } };
    const lost = { ...under, ...members(m1, down, m3, unstarted) };
    expect(told(scene(0), scene(5, lost))).toEqual(['lost m2 caretaker']);
    const over = {
      caretaking: {
        history: [{ ...ended, id: 'op-7', operation: 'restart', targets: [m2.id], requestedBy: 'ada' }, ended],
      },
    };
    const log = new ChangeLog();
    for (const round of [scene(0, lost), scene(5, { ...over, ...members(m1, down, m3, unstarted) }), scene(10, over)])
      log.take(round);
    expect(log.changes).toMatchObject([
      {
        kind: 'back',
        by: 'caretaker',
        message: 'm2 answers. The operation restart of the agents did it, as ada had asked for.',
      },
    ]);
    expect(told(scene(0, lost), scene(5, { ...over, ...members(m1, down, m3, unstarted) }), scene(60, over))).toEqual([
      'back m2 others',
    ]);
  });

  it('was done by others where the operation is about another member, or does no such thing', () => {
    const about = (operation: string, id: string): Scene => ({
      caretaking: { slot: { ...slot, operation, targets: [id], steps: [] } },
    });
    const lost = members(m1, down, m3, unstarted);
    expect(told(scene(0), scene(5, { ...lost, ...about('restart', m3.id) }))).toEqual(['lost m2 others']);
    expect(told(scene(0), scene(5, { ...lost, ...about('snapshot', m2.id) }))).toEqual(['lost m2 others']);
    expect(told(scene(0), scene(5, { cluster: { leaderId: m1.id }, ...about('move-leader', m2.id) }))).toEqual([
      'raft-leader m1 caretaker',
    ]);
  });

  it('is a new process of another member, as its agent says, and not that a clock was set', () => {
    const at = (seconds: number, before: ReturnType<typeof clusterFacts> | undefined, uptime: number) =>
      clusterFacts(scene(seconds), before, { uptimes: new Map([[m2.id, uptime]]) });
    const first = at(0, undefined, 7200);
    expect(changesBetween(first, at(5, first, 7205))).toEqual([]);
    expect(changesBetween(first, at(5, first, 3600))).toEqual([]);
    expect(changesBetween(first, at(5, first, 3))).toMatchObject([{ kind: 'restarted', member: 'm2', by: 'others' }]);
  });

  it('is kept, the newest 200 first', () => {
    const log = new ChangeLog();
    for (let round = 0; round <= 300; round++) log.take(scene(round, { process: { pid: round } }));
    expect(log.changes).toHaveLength(200);
    expect(log.changes[0]?.at).toBe(new Date(scene(300).observedAtMs).toISOString());
    const { changes } = log;
    log.take(scene(301, { process: { pid: 300 } }));
    expect(log.changes).toBe(changes);
  });
});
