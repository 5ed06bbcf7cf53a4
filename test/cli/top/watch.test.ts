import { describe, expect, it } from 'vitest';
import { AgentClient } from '../../../src/cli/agent-client.ts';
import { missingParts, partNames } from '../../../src/cli/top/parts.ts';
import type { Seen } from '../../../src/cli/top/seen.ts';
import { watch } from '../../../src/cli/top/watch.ts';
import { scriptedAgent } from '../scripted-agent.ts';
import { healthy, NOW_MS, quorumLost } from './example-parts.ts';
import { streamingAgent } from './streaming-agent.ts';

type Watching = AsyncGenerator<Seen, never, undefined>;

/** The first that is so. */
async function until(watching: Watching, isSo: (seen: Seen) => boolean): Promise<Seen> {
  while (true) {
    const { value } = await watching.next();
    if (isSo(value)) return value;
  }
}

const never = new AbortController().signal;

describe('what a stream starts with', () => {
  it('is missing until it has come, was asked for, and every agent that answers has said its own', () => {
    expect(missingParts({})).toEqual([...partNames]);
    expect(missingParts(healthy)).toEqual([]);
    expect(missingParts(quorumLost)).toEqual([]);
    const decisions = { fault: { code: 'NOT_ASKED_YET', message: 'It is being asked for.' } };
    const members = healthy.members.map(({ brief: _, ...sight }) => sight);
    expect(missingParts({ ...healthy, decisions, members })).toEqual(['members', 'decisions']);
    expect(missingParts({ ...healthy, history: healthy.history.slice(1) })).toEqual(['history']);
  });
});

describe('watching the stream of an agent', () => {
  it('has all parts with which a stream starts, and puts samples at the end of the history', async () => {
    await using agent = await streamingAgent(healthy);
    const watching = watch([new AgentClient({ url: agent.url })], never);
    const whole = await until(watching, ({ parts }) => parts.history !== undefined);
    expect(whole.parts).toEqual(healthy);

    const series = Object.fromEntries(Object.keys(healthy.history[0]?.series ?? {}).map((name) => [name, 0.5]));
    agent.send('sample', { member: 'm2', time: NOW_MS / 1000, series, rttSeconds: {} });
    const more = await until(watching, ({ parts }) => parts.history?.[1]?.times.length === 61);
    expect(more.parts.history?.[1]?.series.walFsyncP99Seconds.at(-1)).toBe(0.5);
    expect(more.parts.history?.[0]).toEqual(healthy.history[0]);
    await watching.return(undefined as never);
  });

  it('reads parts that are cut anywhere, and passes over what it does not know or cannot read', async () => {
    await using agent = await streamingAgent({ status: healthy.status });
    const watching = watch([new AgentClient({ url: agent.url })], never);
    await until(watching, () => true);
    agent.sendText(
      'event: weather\ndata: "rain"\n\nevent: members\ndata: no json\n\nevent: keyspace\ndata: {"levels":1}\n\n',
    );
    const [first, second] = [`event: changes\r\ndata: [{"message":"mü`, `"}]\r\n\r\n`].map((text) => Buffer.from(text));
    agent.sendText(`${first}`);
    agent.sendText(`${second}`);
    const seen = await until(watching, ({ parts }) => parts.changes !== undefined);
    expect(seen.parts).toEqual({ status: healthy.status, changes: [{ message: 'mü' }] });
    await watching.return(undefined as never);
  });

  it('says that nothing comes any more when the agent dies, and goes on with the next one, from the beginning', async () => {
    await using one = await streamingAgent(healthy);
    await using two = await streamingAgent({ status: healthy.status });
    const watching = watch([new AgentClient({ url: one.url }), new AgentClient({ url: two.url })], never);
    await until(watching, ({ parts }) => parts.history !== undefined);
    await one.die();
    const cut = await until(watching, ({ fault }) => fault !== undefined);
    expect(cut).toMatchObject({ agent: one.url, fault: { code: 'AGENT_UNREACHABLE' } });
    const next = await until(watching, ({ fault }) => fault === undefined);
    expect(next).toMatchObject({ agent: two.url, parts: { status: healthy.status } });
    expect(next.parts.history).toBeUndefined();
    await watching.return(undefined as never);
  });

  it('fails with what the first agent said where none could be reached, and lets the connection go when it is ended', async () => {
    await using refuses = await scriptedAgent(() => [
      401,
      { code: 'CREDENTIALS_REQUIRED', detail: 'This needs a token.' },
    ]);
    const agents = [new AgentClient({ url: refuses.url }), new AgentClient({ url: 'http://127.0.0.1:1' })] as const;
    await expect(watch(agents, never).next()).rejects.toMatchObject({
      code: 'CREDENTIALS_REQUIRED',
      remedy: expect.stringContaining('--token-file'),
    });

    await using agent = await streamingAgent(healthy);
    const end = new AbortController();
    const watching = watch([new AgentClient({ url: agent.url })], end.signal);
    await watching.next();
    expect(agent.open).toBe(1);
    end.abort(new Error('enough'));
    await expect(until(watching, () => false)).rejects.toThrow('enough');
    await expect.poll(() => agent.open).toBe(0);
  });
});
