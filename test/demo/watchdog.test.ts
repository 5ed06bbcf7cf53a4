import { afterEach, expect, test } from 'vitest';
import { startWatchdog, type Watchdog } from '../../src/demo/watchdog.ts';
import { processesWith, until } from './demo-process.ts';

const dogs: Watchdog[] = [];

afterEach(async () => {
  await Promise.all(dogs.splice(0).map((dog) => dog.dismiss()));
});

const start = (run: string, command?: [string, ...string[]]): { readonly dog: Watchdog; readonly said: string[] } => {
  const said: string[] = [];
  const dog = startWatchdog(
    run,
    { demoFile: '/nowhere/demo.json', folder: undefined },
    (line) => said.push(line),
    command,
  );
  dogs.push(dog);
  return { dog, said };
};

test('a watchdog that is killed is started again, and that is said', async () => {
  const run = crypto.randomUUID();
  const { dog, said } = start(run);
  await until('the watchdog', () => processesWith(run).length === 1);
  const [first = 0] = processesWith(run);
  process.kill(first, 'SIGKILL');
  await until('another watchdog', () => processesWith(run).some((pid) => pid !== first));
  expect(said).toEqual([expect.stringContaining('the watchdog has ended (SIGKILL), started again in 0.25 s')]);
  await dog.dismiss();
  expect(processesWith(run)).toEqual([]);
});

test('a watchdog that keeps ending is started again later and later', async () => {
  const { said } = start('mark', ['false']);
  await until('three lines', () => said.length === 3);
  expect(said.map((line) => /has ended \(exit code 1\), started again in (\S+) s/.exec(line)?.[1])).toEqual([
    '0.25',
    '0.5',
    '1',
  ]);
});

test('a watchdog that cannot be started is said, and the demo can end all the same', async () => {
  const { dog, said } = start('mark', ['/nowhere/node']);
  await until('a line', () => said.length > 0);
  expect(said[0]).toContain('could not be started (spawn /nowhere/node ENOENT)');
  await dog.dismiss();
});
