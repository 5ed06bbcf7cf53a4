import { EventEmitter } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Shown } from '../../src/cli/show.ts';
import { watch } from '../../src/cli/watch.ts';
import { AgentError } from '../../src/cluster/agent-error.ts';

const unreachable = new AgentError('AGENT_UNREACHABLE', 'No agent could be reached.');

/** Something that is written to, as a terminal is or as a file is. */
class Paper extends EventEmitter {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 80;
  readonly rows = 8;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }

  getColorDepth(): number {
    return 1;
  }
}

function shown(n: number): Shown {
  return { text: () => `look ${n}\n`, data: { n } };
}

/** Watches until as many looks have been taken as there are. */
async function watched(looks: readonly (Shown | Error)[], format: 'table' | 'json' | 'yaml', isTTY = false) {
  const [out, err, end] = [new Paper(isTTY), new Paper(isTTY), new AbortController()];
  const left = [...looks];
  const look = async (): Promise<Shown> => {
    const next = left.shift();
    if (next === undefined) {
      end.abort();
      return shown(0);
    }
    if (next instanceof Error) throw next;
    return next;
  };
  const streams = { out: out as unknown as NodeJS.WriteStream, err: err as unknown as NodeJS.WriteStream };
  await watch(look, { format, seconds: 0.001, signal: end.signal, ...streams });
  return { out: out.text, err: err.text };
}

describe('--watch without a terminal', () => {
  it('prints a JSON document a line', async () => {
    const { out } = await watched([shown(1), shown(2)], 'json');
    expect(out).toBe('{"n":1}\n{"n":2}\n');
  });

  it('prints YAML as documents of one stream', async () => {
    expect((await watched([shown(1), shown(2)], 'yaml')).out).toBe('---\nn: 1\n---\nn: 2\n');
  });

  it('prints one table after another, each below its time', async () => {
    const { out } = await watched([shown(1), shown(2)], 'table');
    expect(out.replaceAll(/\d{4}-\S+Z/g, 'TIME')).toBe('--- TIME\nlook 1\n\n--- TIME\nlook 2\n\n');
  });

  it('says once that nobody answers, and goes on', async () => {
    const { out, err } = await watched([shown(1), unreachable, unreachable, shown(2), unreachable], 'json');
    expect(out).toBe('{"n":1}\n{"n":2}\n');
    expect(err).toBe('note: No agent could be reached. Asking again.\n'.repeat(2));
  });

  it('waits for an agent that does not answer yet, but not for what is wrong with the command line', async () => {
    expect((await watched([unreachable, shown(1)], 'json')).out).toBe('{"n":1}\n');
    await expect(watched([new AgentError('USAGE', 'There is no member m9.')], 'json')).rejects.toThrow('no member m9');
  });
});

describe('--watch on a terminal', () => {
  it('draws over what it has drawn, and gives the cursor back', async () => {
    const { out } = await watched([shown(1), shown(2)], 'table', true);
    const frames = out.split('\x1b[H').slice(1);
    expect(frames.map((frame) => frame.includes('look 1\x1b[K\x1b[J'))).toContain(true);
    expect(frames.at(-1)).toContain('look 2\x1b[K\x1b[J');
    expect(out.indexOf('\x1b[?25l')).toBeLessThan(out.indexOf('\x1b[H'));
    expect(out.endsWith('\x1b[?25h\n')).toBe(true);
  });

  it('keeps what it has while nobody answers, says so, and never scrolls', async () => {
    const many: Shown = { text: () => 'line\n'.repeat(20), data: {} };
    const { out, err } = await watched([many, unreachable], 'table', true);
    const last = stripVTControlCharacters(out.split('\x1b[H').at(-1) ?? '')
      .trimEnd()
      .split('\n');
    expect(last[0]).toMatch(/^As of [\d:]+ UTC: no answer for 0 s\. No agent could be reached\.$/);
    expect([last.length, last.at(-1)]).toEqual([7, '… 16 lines more']);
    expect(err).toBe('');
  });
});
