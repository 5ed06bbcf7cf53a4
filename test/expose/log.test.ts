import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import { createLog, type Log, type LogOptions } from '../../src/expose/log.ts';

function capture(options: Partial<LogOptions> = {}): {
  log: Log;
  text: () => string;
  lines: () => Record<string, unknown>[];
} {
  const written: string[] = [];
  const log = createLog({ level: 'info', write: (line) => written.push(line), ...options });
  return {
    log,
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line)),
  };
}

describe('the log', () => {
  it('writes one line of JSON per event, with time, level and what belongs to every line', () => {
    const { log, text, lines } = capture({ base: { agent: 'm1' } });
    log.info('listening', { port: 9379, revision: 2n ** 60n, said: 'two\nlines' });
    expect(text().split('\n')).toHaveLength(2);
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        agent: 'm1',
        port: 9379,
        revision: '1152921504606846976',
        said: 'two\nlines',
        event: 'listening',
      },
    ]);
  });

  it('writes errors with code, member, remedy and cause; their stack only for debugging', () => {
    const error = new AgentError('ETCD_UNREACHABLE', 'm2 refused.', {
      member: 'm2',
      remedy: 'Start it.',
      cause: new Error('ECONNREFUSED'),
    });
    const { log, lines } = capture();
    log.error('failed', { error });
    expect(lines()[0]?.['error']).toEqual({
      code: 'ETCD_UNREACHABLE',
      message: 'm2 refused.',
      member: 'm2',
      remedy: 'Start it.',
      cause: { message: 'ECONNREFUSED' },
    });
    const debug = capture({ level: 'debug' });
    debug.log.error('failed', { error });
    expect(debug.text()).toContain('log.test.ts');
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = capture({ level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines().map(({ event }) => event)).toEqual(['c', 'd']);
  });

  it('holds no secrets: by name, by value, in URLs and in credentials', () => {
    const { log, text } = capture();
    log.addSecret('pa"ss\\word');
    log.warn('could not connect with pa"ss\\word', {
      password: 'hunter2-a',
      nested: [{ apiKey: 'hunter2-b', Authorization: 'hunter2-c', clientSecret: { deep: 'hunter2-d' } }],
      url: 'https://root:hunter2-e@etcd.example:2379/x',
      error: new Error('rejected Bearer hunter2-fghijk', { cause: new Error('it was pa"ss\\word') }),
    });
    expect(text()).not.toMatch(/hunter2|pa\\*"ss/);
    expect(text().match(/\[redacted\]/g)).toHaveLength(8);
  });

  it('keeps the paths of files that hold secrets, and words too short to be one', () => {
    const { log, text } = capture();
    log.addSecret('abc');
    log.info('read', { passwordFile: '/etc/abc/password', tokenFile: '/etc/token' });
    expect(text()).toContain('"passwordFile":"/etc/abc/password","tokenFile":"/etc/token"');
  });

  it('survives what refers to itself', () => {
    const { log, lines } = capture();
    const loop: Record<string, unknown> = {};
    loop['again'] = loop;
    log.info('loop', { loop });
    expect(lines()).toHaveLength(1);
  });
});

describe('repeated failures', () => {
  const fault = { code: 'ETCD_UNREACHABLE', message: 'm1 refused.', remedy: 'Start it.' };
  const place = { collector: 'member' };

  function clocked(): ReturnType<typeof capture> & { tick: (ms: number) => void; events: () => unknown[] } {
    let now = 0;
    const captured = capture({ foldPeriodMs: 60_000, nowMs: () => now });
    return {
      ...captured,
      tick: (ms) => {
        now += ms;
      },
      events: () => captured.lines().map(({ event, repeated, failures }) => [event, repeated ?? failures]),
    };
  }

  it('are one line, then one a period with their number, then one when it works again', () => {
    const { log, tick, events, lines } = clocked();
    for (let i = 0; i < 13; i += 1) {
      log.fault(place, fault);
      tick(10_000);
    }
    log.resolved(place);
    expect(events()).toEqual([
      ['collector failed', undefined],
      ['collector still fails', 6],
      ['collector still fails', 6],
      ['collector works again', 13],
    ]);
    expect(lines()[0]).toMatchObject({ level: 'warn', collector: 'member', code: fault.code, remedy: 'Start it.' });
    expect(lines()[3]).toMatchObject({ level: 'info', afterSeconds: 130 });
  });

  it('of another kind, of another collector or on another member are said at once', () => {
    const { log, events } = clocked();
    log.fault(place, fault);
    log.fault(place, { ...fault, code: 'COLLECTOR_DEADLINE' });
    log.fault({ collector: 'cluster' }, fault);
    log.fault({ ...place, member: 'm2' }, fault);
    log.fault(place, fault);
    expect(events()).toHaveLength(4);
  });

  it('on another member leave the name of the own member as it is', () => {
    const { log, lines } = capture({ base: { member: 'm1' } });
    log.fault(place, { ...fault, member: 'm2' });
    log.fault({ collector: 'cluster', member: 'm3' }, fault);
    log.resolved({ collector: 'cluster', member: 'm3' });
    expect(lines().map(({ member, collector, triedOn }) => [member, collector, triedOn])).toEqual([
      ['m1', 'member', 'm2'],
      ['m1', 'cluster', 'm3'],
      ['m1', 'cluster', 'm3'],
    ]);
  });

  it('that come and go are not said each time', () => {
    const { log, tick, events } = clocked();
    for (let i = 0; i < 6; i += 1) {
      log.fault(place, fault);
      log.resolved(place);
      tick(20_000);
    }
    expect(events()).toEqual([
      ['collector failed', undefined],
      ['collector works again', 1],
      ['collector still fails', 3],
      ['collector works again', 1],
    ]);
  });

  it('are said anew when they come back after a quiet period', () => {
    const { log, tick, lines } = clocked();
    log.fault(place, fault);
    log.resolved(place);
    tick(60_000);
    log.resolved(place);
    log.fault(place, fault);
    expect(lines().map(({ event }) => event)).toEqual([
      'collector failed',
      'collector works again',
      'collector failed',
    ]);
  });
});

describe('stderr', () => {
  const writer = join(import.meta.dirname, 'support', 'log-to-stderr.ts');

  it('has the last line of a process that ends at once', async () => {
    const child = spawn(process.execPath, [writer, '1000'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const lines = (await text(child.stderr)).trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'last' });
    expect(lines).toHaveLength(1001);
  });

  it('may be closed: the agent goes on without a log', async () => {
    const child = spawn(process.execPath, [writer, '1000'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.destroy();
    const [code] = await once(child, 'exit');
    expect(code).toBe(7);
  });
});
