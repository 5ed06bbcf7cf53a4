import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Live, type LiveOptions } from '../../../src/agent/live/live.ts';
import type { AgentRecord } from '../../../src/cluster/caretaking.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import { toJson } from '../../../src/expose/http/json.ts';
import type { HistorySample, MemberSight } from '../../../src/expose/live/words.ts';
import { PeerAgents } from '../../../src/observe/peer-agent.ts';
import { roundAt } from '../../expose/live/rounds.ts';
import { fullCaretaking } from '../../expose/support/full-caretaking.ts';
import { scriptedPorts } from '../../expose/support/scripted-ports.ts';
import { serve } from '../../expose/support/server.ts';

const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** As `expect.poll`, on a busy machine too. */
const eventually = <T>(what: () => T) => expect.poll(what, { timeout: 60_000 });

const ids: Readonly<Record<string, string>> = {
  m1: '8e9e05c52164694d',
  m2: '91bc3c398fb3c146',
  m3: 'fd422379fda50e48',
};

const recordOf = (member: string, url?: string): AgentRecord => ({
  memberId: ids[member] ?? '',
  member,
  instance: 'i',
  ...(url === undefined ? {} : { url }),
  version: '1.2.3',
  operations: {},
  role: 'default',
  startedAtMs: 1,
});

/** What the agent beside a member observes, and where it knows the others to be. */
function observed(member: string, seconds: number, urls: Readonly<Record<string, string>> = {}): Observation {
  const round = roundAt(seconds);
  const reading = round.sections.member;
  if (reading?.value === undefined) throw new Error('the fixture has it');
  const status = { ...reading.value.status, memberId: ids[member] ?? '' };
  return {
    ...round,
    member,
    sections: { ...round.sections, member: { ...reading, value: { ...reading.value, status } } },
    caretaking: {
      ...fullCaretaking,
      leads: false,
      agents: Object.entries(urls).map(([name, url]) => recordOf(name, url)),
    },
  };
}

/** One that shows live what a test gives it. */
class Shown {
  observation: Observation;
  readonly live: Live;
  readonly samples: HistorySample[] = [];
  histories = 0;

  constructor(first: Observation, options: Partial<LiveOptions> = {}) {
    this.observation = first;
    const agents = new PeerAgents({ tls: {}, memberUrls: () => [], timeoutMs: 150 });
    const ports = scriptedPorts();
    this.live = new Live({
      observation: () => this.observation,
      caretaking: () => ports,
      configured: new Map(),
      fetch: (base, path, signal) => agents.fetch(base, path, signal),
      askEveryMs: 15,
      ...options,
    });
    cleanups.push(() => this.live.close());
    this.take(first);
  }

  take(observation: Observation): void {
    this.observation = observation;
    this.live.take(observation);
  }

  watch(): () => void {
    return this.live.watch({
      changed: () => undefined,
      sampled: (sample) => this.samples.push(sample),
      historiesChanged: () => {
        this.histories += 1;
      },
    });
  }

  sight(member: string): MemberSight | undefined {
    return this.live.part('members').find((sight) => sight.member === member);
  }
}

/** Another agent: a real server of one that shows live. */
async function other(member: string): Promise<{ readonly shown: Shown; readonly url: string }> {
  const shown = new Shown(observed(member, 0));
  const server = await serve({ observation: () => shown.observation, live: shown.live, caretaking: scriptedPorts() });
  return { shown, url: `http://127.0.0.1:${server.address.port}` };
}

async function strange(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what an agent shows live', () => {
  it('is every member of the list in its order, and what those say that answer, whoever hangs', async () => {
    const { url } = await other('m2');
    const hanging = await strange(() => undefined);
    const own = new Shown(observed('m1', 0, { m2: url, m3: hanging }));
    expect(own.live.part('members').map(({ member, own: isOwn, brief }) => [member, isOwn, brief?.member])).toEqual([
      ['m1', true, 'm1'],
    ]);
    own.watch();
    const histories = () => own.live.part('history').map(({ member }) => member);
    await eventually(histories).toEqual(['m1', 'm2']);
    await eventually(() => own.sight('m3')?.silentSince).toBeDefined();
    await eventually(() => own.sight('m2')).not.toHaveProperty('silentSince');
    expect(own.live.part('members')).toMatchObject([
      { member: 'm1', own: true, brief: { member: 'm1' } },
      { member: 'm2', own: false, url, brief: { member: 'm2', memberId: ids['m2'] } },
      {
        member: 'm3',
        url: hanging,
        fault: { code: 'PEER_AGENT_UNREACHABLE', message: expect.stringContaining('no answer in time') },
      },
      { memberId: 'a8266ecf031671f3', fault: { code: 'AGENT_NOT_KNOWN' } },
    ]);
    expect(own.sight('m2')?.brief).not.toHaveProperty('sample');
  });

  it('has the samples of the others as they come, and their history anew where some were missed', async () => {
    const { shown, url } = await other('m2');
    const own = new Shown(observed('m1', 0, { m2: url }));
    own.watch();
    await eventually(() => own.histories).toBe(1);
    shown.take(observed('m2', 5));
    own.take(observed('m1', 5, { m2: url }));
    await eventually(() => own.samples.map(({ member }) => member).toSorted()).toEqual(['m1', 'm2']);
    expect(own.live.part('history').find(({ member }) => member === 'm2')).toEqual(shown.live.history());
    for (const seconds of [60, 65]) shown.take(observed('m2', seconds));
    await eventually(() => own.histories).toBe(2);
    expect(own.live.part('history').find(({ member }) => member === 'm2')?.times).toHaveLength(4);
  });

  it('asks nobody while nobody watches, nor after', async () => {
    const asked: (string | undefined)[] = [];
    const url = await strange(({ url: path }: IncomingMessage, response) => {
      asked.push(path);
      response.writeHead(500).end();
    });
    const own = new Shown(observed('m1', 0, { m2: url }));
    own.take(observed('m1', 5, { m2: url }));
    own.live.changed();
    expect(asked).toEqual([]);
    const leave = own.watch();
    await eventually(() => asked.length).toBeGreaterThan(2);
    leave();
    await own.live.close();
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
    // What had been sent already may still arrive.
    await pause();
    const { length } = asked;
    await pause();
    expect(asked).toHaveLength(length);
  });

  it.each<[string, string, RequestListener]>([
    [
      'of an older version',
      'AGENT_OLDER',
      (_, response) =>
        response
          .writeHead(404, { 'content-type': 'application/problem+json' })
          .end('{"code":"NO_SUCH_PATH","detail":"No."}'),
    ],
    ['of a version to come', 'AGENT_ANSWER_UNKNOWN', (_, response) => response.end('{"member":{"name":"m2"}}')],
    [
      'of another member',
      'AGENT_OF_ANOTHER',
      (_, response) => response.end(toJson(new Shown(observed('m3', 0)).live.member())),
    ],
    ['that is none', 'PEER_AGENT_UNREACHABLE', (_, response) => response.end('<html>')],
  ])('says in words what is wrong with an agent %s', async (_, code, answer) => {
    const own = new Shown(observed('m1', 0, { m2: await strange(answer) }));
    own.watch();
    await eventually(() => own.sight('m2')).toMatchObject({ fault: { code, remedy: expect.any(String) } });
  });

  it('goes on asking an agent whose record is gone, and one that is only configured; a list that failed once stays', async () => {
    const { url } = await other('m2');
    const third = await other('m3');
    const own = new Shown(observed('m1', 0, { m2: url }), { configured: new Map([['m3', third.url]]) });
    own.watch();
    await eventually(() => own.sight('m2')?.brief).toBeDefined();
    const { cluster, ...sections } = observed('m1', 5).sections;
    own.take({ ...observed('m1', 5), sections });
    third.shown.take(observed('m3', 5));
    const isAt = (member: string, seconds: number): boolean =>
      own.sight(member)?.brief?.observedAt === new Date(observed(member, seconds).observedAtMs).toISOString();
    await eventually(() => isAt('m3', 5)).toBe(true);
    expect(own.sight('m2')).toMatchObject({ url, brief: { member: 'm2' } });
    expect(cluster).toBeDefined();
  });

  it("has the leader's decisions, and the keyspace of the agent that keeps it", async () => {
    const { url } = await other('m2');
    const first = observed('m1', 0, { m2: url });
    const keyspace = first.sections.keyspace;
    if (keyspace?.value === undefined) throw new Error('the fixture has it');
    const held = {
      ...keyspace.value,
      phase: 'waiting' as const,
      prefixes: [],
      heldBy: { memberId: ids['m2'] ?? '', member: 'm2' },
    };
    const own = new Shown({ ...first, sections: { ...first.sections, keyspace: { ...keyspace, value: held } } });
    expect(own.live.part('decisions')).toMatchObject({ fault: { code: 'NOT_ASKED_YET' } });
    own.watch();
    await expect
      .poll(() => own.live.part('decisions'))
      .toMatchObject({ leader: { member: 'm1' }, slot: { id: 'op-7' } });
    await expect
      .poll(() => own.live.part('keyspace'))
      .toMatchObject({ phase: 'current', totalKeys: 1500, revision: '4711' });
    expect(own.live.part('operations')).toMatchObject({ slot: { id: 'op-7' } });
    expect(own.live.part('backups')).toMatchObject({ stores: expect.any(Array) });
  });

  it('says why a part cannot be had', async () => {
    const refuse = (): never => {
      throw Object.assign(new Error('Nobody leads.'), { code: 'NOT_ACTING_YET' });
    };
    const ports = scriptedPorts({ decisions: refuse, operations: refuse });
    const { keyspace: _, ...sections } = observed('m1', 0).sections;
    const own = new Shown({ ...observed('m1', 0), sections }, { caretaking: () => ports });
    own.watch();
    const fault = { code: 'NOT_ACTING_YET', message: 'Nobody leads.' };
    await eventually(() => own.live.part('decisions')).toEqual({ fault });
    expect(own.live.part('operations')).toEqual({ fault });
    await eventually(() => own.live.part('keyspace')).toMatchObject({ fault: { code: 'KEYSPACE_NOT_OBSERVED' } });
  });

  it('tells of a restart that another agent has seen, and of the work of its own disk', async () => {
    const { shown, url } = await other('m2');
    const own = new Shown(observed('m1', 0, { m2: url }));
    own.watch();
    await eventually(() => own.sight('m2')?.brief?.etcdStartedAt).toBeDefined();
    own.take(observed('m1', 5, { m2: url }));
    const again = observed('m2', 5);
    const { process } = again.sections;
    if (process?.value === undefined) throw new Error('the fixture has it');
    const startedAtMs = again.observedAtMs - 2000;
    shown.take({
      ...again,
      sections: { ...again.sections, process: { ...process, value: { ...process.value, startedAtMs } } },
    });
    await eventually(() => own.live.part('changes')).toMatchObject([{ kind: 'restarted', member: 'm2' }]);
    expect(own.live.member()).toMatchObject({
      disks: [{ busyRatio: 0, writesPerSecond: 0 }, {}],
      sample: { member: 'm1' },
    });
  });
});
