import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { doStep, installSteps, stepText } from '../../../src/cli/install/steps.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-install-'));
});
afterEach(() => rm(folder, { recursive: true }));

const plan = () => ({
  unitFile: join(folder, 'etcd-caretaker.service'),
  unit: 'etcd-caretaker.service',
  text: '[Unit]\n',
  folders: [
    { path: join(folder, 'backups'), why: 'backups', isMade: true },
    { path: join(folder, 'data'), why: 'data dirs', isMade: false },
  ],
});

test('everything is done once, and the agent is started anew each time', async () => {
  const said: string[] = [];
  for (const step of await installSteps(plan()))
    await doStep(step, async (command) => void said.push(command.join(' ')));
  expect(said).toEqual([
    'systemctl daemon-reload',
    'systemctl enable etcd-caretaker.service',
    'systemctl restart etcd-caretaker.service',
  ]);
  expect(await readFile(plan().unitFile, 'utf8')).toBe('[Unit]\n');
  expect((await stat(join(folder, 'backups'))).mode & 0o777).toBe(0o700);
  expect((await installSteps(plan())).map(stepText)).toEqual([
    'systemctl daemon-reload',
    'systemctl enable etcd-caretaker.service',
    'systemctl restart etcd-caretaker.service',
  ]);
});

test('what is made belongs to the user under whom the agent runs', async () => {
  const steps = await installSteps({ ...plan(), user: 'etcd' });
  expect(steps.map(stepText).slice(0, 2)).toEqual([
    `make the folder ${join(folder, 'backups')} (backups)`,
    `chown etcd: ${join(folder, 'backups')}`,
  ]);
});

test('a unit that was there is kept, and the agent is started anew with the other one', async () => {
  await writeFile(plan().unitFile, 'another');
  const steps = await installSteps(plan());
  expect(steps.map(stepText)).toContain('systemctl restart etcd-caretaker.service');
  for (const step of steps) await doStep(step, async () => undefined);
  expect(await readFile(`${plan().unitFile}.previous`, 'utf8')).toBe('another');
  expect(await readFile(plan().unitFile, 'utf8')).toBe('[Unit]\n');
});
