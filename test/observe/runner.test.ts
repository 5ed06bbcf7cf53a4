import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { Fault } from '../../src/cluster/observation.ts';
import type { Collector } from '../../src/observe/collector.ts';
import { Runner, type RunnerOptions } from '../../src/observe/runner.ts';
import type { Sources } from '../../src/observe/sources.ts';

const nothing: Sources = {
  status: () => Promise.reject(new Error('no source')),
  members: () => Promise.reject(new Error('no source')),
  ownReply: () => Promise.reject(new Error('no source')),
  ownId: () => Promise.reject(new Error('no source')),
  metricsPage: () => Promise.reject(new Error('no source')),
};

const disk: Collector<'disk'> = { name: 'disk', collect: async () => ({ devices: [] }) };

let runner: Runner | undefined;

function make(collectors: readonly Collector[], more: Partial<RunnerOptions> = {}): Runner {
  runner = new Runner({
    member: 'm1',
    cluster: 'c',
    agentVersion: '0',
    intervalMs: 20,
    deadlineMs: 50,
    collectors,
    sources: () => nothing,
    ...more,
  });
  return runner;
}

afterEach(async () => {
  await runner?.close();
});

describe('the runner', () => {
  it('gives every collector a reading, a success and a duration', async () => {
    const observation = await make([disk]).round();
    expect(observation.rounds).toBe(1);
    expect(observation.sections.disk?.value).toEqual({ devices: [] });
    expect(observation.collectors.disk?.success).toBe(true);
    expect(observation.collectors.disk?.durations.count).toBe(1);
  });

  it('a collector that throws fails alone and says why', async () => {
    const observation = await make([
      disk,
      {
        name: 'pressure',
        collect: () => {
          throw new AgentError('PSI_UNAVAILABLE', 'no PSI here', { remedy: 'boot with psi=1' });
        },
      },
    ]).round();
    expect(observation.sections.disk?.value).toBeDefined();
    expect(observation.sections.pressure?.value).toBeUndefined();
    expect(observation.sections.pressure?.fault).toMatchObject({ code: 'PSI_UNAVAILABLE', remedy: 'boot with psi=1' });
    expect(observation.collectors.pressure?.success).toBe(false);
  });

  it('a collector that hangs is left at its deadline and not asked again until it comes back', async () => {
    let asked = 0;
    const release = Promise.withResolvers<void>();
    const hanging: Collector<'filesystem'> = {
      name: 'filesystem',
      collect: async () => {
        asked += 1;
        await release.promise;
        return { filesystems: [] };
      },
    };
    const made = make([disk, hanging]);
    const first = await made.round();
    expect(first.sections.filesystem?.fault?.code).toBe('COLLECTOR_DEADLINE');
    expect(first.sections.disk?.value).toBeDefined();
    const second = await made.round();
    expect(second.sections.filesystem?.fault?.code).toBe('COLLECTOR_HANGS');
    expect(asked).toBe(1);
    release.resolve();
    await sleep(1);
    const third = await made.round();
    expect(third.sections.filesystem?.value).toBeDefined();
    expect(asked).toBe(2);
  });

  it('publishes what the others have read while one takes long', async () => {
    const release = Promise.withResolvers<void>();
    const published = Promise.withResolvers<void>();
    const slow: Collector<'pressure'> = {
      name: 'pressure',
      deadlineMs: 60_000,
      collect: async () => {
        await release.promise;
        return { stalls: [] };
      },
    };
    const made = make([disk, slow], { onObservation: () => published.resolve() });
    const round = made.round();
    await published.promise;
    expect(made.observation.rounds).toBe(0);
    expect(made.observation.sections.disk?.value).toBeDefined();
    expect(made.observation.sections.pressure).toBeUndefined();
    release.resolve();
    expect((await round).rounds).toBe(1);
  });

  it('tells a collector through its signal that its deadline has passed', async () => {
    let aborted = false;
    await make([
      {
        name: 'disk',
        collect: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('too late'));
            });
          }),
      },
    ]).round();
    expect(aborted).toBe(true);
  });

  it('keeps the reading of a rare collector between its turns', async () => {
    let asked = 0;
    const rare: Collector<'disk'> = {
      name: 'disk',
      everyMs: 60_000,
      collect: async () => {
        asked += 1;
        return { devices: [] };
      },
    };
    const made = make([rare]);
    await made.round();
    const second = await made.round();
    expect(asked).toBe(1);
    expect(second.sections.disk?.value).toBeDefined();
  });

  it('asks a rare collector again in the next round when it failed', async () => {
    let asked = 0;
    const made = make([
      {
        name: 'disk',
        everyMs: Number.POSITIVE_INFINITY,
        collect: async () => {
          asked += 1;
          if (asked === 1) {
            throw new Error('too early');
          }
          return { devices: [] };
        },
      },
    ]);
    await made.round();
    expect((await made.round()).sections.disk?.value).toBeDefined();
    await made.round();
    expect(asked).toBe(2);
  });

  it('drops the value of a collector that fails now: stale numbers are never shown', async () => {
    let fail = false;
    const faults: Fault[] = [];
    const recovered: string[] = [];
    const made = make(
      [
        {
          name: 'disk',
          collect: async () => {
            if (fail) {
              throw new Error('gone');
            }
            return { devices: [] };
          },
        },
      ],
      { onFault: (_, fault) => faults.push(fault), onRecovery: (name) => recovered.push(name) },
    );
    await made.round();
    fail = true;
    expect((await made.round()).sections.disk?.value).toBeUndefined();
    fail = false;
    expect((await made.round()).sections.disk?.value).toBeDefined();
    expect(faults).toEqual([{ code: 'INTERNAL', message: 'gone' }]);
    expect(recovered).toEqual(['disk']);
  });

  it('runs rounds until it is closed, and closes its collectors once', async () => {
    let closed = 0;
    let started = 0;
    const seen: number[] = [];
    const made = make(
      [
        {
          ...disk,
          start: () => {
            started += 1;
          },
          close: async () => {
            closed += 1;
          },
        },
      ],
      { onObservation: ({ rounds }) => seen.push(rounds) },
    );
    made.start();
    while (seen.length < 3) {
      await sleep(5);
    }
    await made.close();
    const rounds = made.observation.rounds;
    await sleep(50);
    expect(made.observation.rounds).toBe(rounds);
    expect([started, closed]).toEqual([1, 1]);
    expect(seen.slice(0, 3)).toEqual([1, 2, 3]);
  });

  it('asks every collector to let go, and then says what one could not', async () => {
    let closed = false;
    const made = make([
      { ...disk, close: () => Promise.reject(new AgentError('DISK_HUNG', 'the disk hangs')) },
      {
        name: 'pressure',
        collect: async () => ({ stalls: [] }),
        close: async () => {
          closed = true;
        },
      },
    ]);
    await expect(made.close()).rejects.toMatchObject({ code: 'DISK_HUNG' });
    expect(closed).toBe(true);
    runner = undefined;
  });
});
