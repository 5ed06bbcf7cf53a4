import { expect, it } from 'vitest';
import { commandsFor } from '../../src/cli/commands.ts';
import { policies } from '../../src/decide/list.ts';
import { panelsOf, readDashboards } from './dashboard-files.ts';

/** Every `etcd-caretaker …` that a panel tells a person to run, by its words. */
const told = readDashboards().flatMap((dashboard) =>
  panelsOf(dashboard).flatMap(({ title, description }) =>
    [...description.matchAll(/`etcd-caretaker ([^`]+)`/g)].map((match) => ({
      where: `${dashboard.title}: ${title}`,
      words: (match[1] ?? '').split(' '),
    })),
  ),
);

it('every command that a panel names is one', async () => {
  const known = new Map((await commandsFor([])).map((command) => [command.name(), command]));
  expect(told.length).toBeGreaterThan(20);
  const wrong = told.filter(({ words: [name = '', ...rest] }) => {
    const command = known.get(name);
    const flags = rest.filter((word) => word.startsWith('--'));
    return command === undefined || flags.some((flag) => !command.options.some(({ long }) => long === flag));
  });
  expect(wrong).toEqual([]);
});

it('every policy and operation that a panel asks about is one', () => {
  const asked = told.filter(
    ({ words: [name, subject] }) => (name === 'explain' || name === 'run') && subject !== undefined,
  );
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.filter(({ words: [, subject = ''] }) => !(subject in policies))).toEqual([]);
});
