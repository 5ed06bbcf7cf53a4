import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { startInTerminal } from './pseudo-terminal.ts';

const ESCAPE = '\u001b';
let cluster: TendedCluster;
let agent: readonly string[];

beforeAll(async () => {
  cluster = await TendedCluster.start({ set: { 'heal.mode': 'off' } });
  await cluster.untilWell();
  await cluster.untilStored();
  agent = ['--agent', cluster.member('m1').agentUrl];
});

afterAll(async () => {
  await cluster?.close();
});

test('status has colours in a terminal, and none where nobody wants them', async () => {
  // What a look has found just now may not be well yet.
  const output = await vi.waitFor(async () => {
    await using coloured = startInTerminal(['status', ...agent]);
    expect(await coloured.ended(), coloured.output()).toBe(0);
    return coloured.output();
  }, 60_000);
  expect(output).toMatch(/Healthy/);
  expect(output).toContain(`${ESCAPE}[`);
  await using plain = startInTerminal(['status', ...agent], { env: { NO_COLOR: '1' } });
  expect(await plain.ended()).toBe(0);
  expect(plain.output()).toMatch(/Healthy/);
  expect(plain.output()).not.toContain(ESCAPE);
});

test('top shows the cluster, follows what happens to it, and leaves the terminal as it was', async () => {
  await using top = startInTerminal(['top', ...agent]);
  await top.untilWritten(/m1[\s\S]*m2[\s\S]*m3/);
  const before = top.output().length;
  const second = cluster.member('m2');
  await second.killAgent();
  second.killEtcd();
  await top.untilWritten(/unreachable|down|not reach|not answer|lost/i, before);
  second.startAgent();
  top.type('q');
  expect(await top.ended()).toBe(0);
  const output = top.output();
  expect(output.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(output.lastIndexOf(`${ESCAPE}[?25l`));
  expect(output.lastIndexOf(`${ESCAPE}[?1049l`)).toBeGreaterThan(output.lastIndexOf(`${ESCAPE}[?1049h`));
});

test('top fits into a small terminal', async () => {
  await using top = startInTerminal(['top', ...agent], { columns: 60, rows: 15 });
  await top.untilWritten(/m1/);
  top.type('q');
  expect(await top.ended()).toBe(0);
});
