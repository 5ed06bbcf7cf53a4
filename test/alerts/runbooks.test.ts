import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandsFor } from '../../src/cli/commands.ts';
import { alertsFolder, alertsOf, ruleFiles, ruleGroups } from './rules.ts';

const folder = join(alertsFolder, 'runbooks');
const pages = readdirSync(folder)
  .sort()
  .map((file) => ({ alert: file.replace(/\.md$/, ''), text: readFileSync(join(folder, file), 'utf8') }));
const alerts = ruleFiles.flatMap((file) => alertsOf(ruleGroups(file)));

const sections = [
  'What it means',
  'What the agents do by themselves',
  'What to look at first',
  'What to do',
  'When to go back to bed',
];

it('every alert has its page, and every page its alert', () => {
  const names = new Set(alerts.map(({ alert }) => alert));
  expect(pages.map(({ alert }) => alert)).toEqual([...names].sort());
});

describe.each(pages)('$alert', ({ alert, text }) => {
  it('says what it is called, how grave it is, and what to do', () => {
    expect(text.startsWith(`# ${alert}\n`)).toBe(true);
    for (const { labels } of alerts.filter((each) => each.alert === alert)) {
      expect(text).toContain(`Severity: ${labels.severity}.`);
    }
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(sections);
    for (const section of text.split(/^## .+$/m).slice(1)) expect(section.trim()).not.toBe('');
  });

  it('names no command that this program does not know', async () => {
    for (const line of commandLines(text)) {
      await expect(parsed(line), line).resolves.toBeUndefined();
    }
  });

  it('names no other alert that does not exist', () => {
    const named = text.match(/\bEtcd[A-Z]\w+/g) ?? [];
    expect(named.filter((name) => !alerts.some((each) => each.alert === name))).toEqual([]);
  });
});

it('what pages without agents says what to do without them', () => {
  const pagesOfEtcd = alertsOf(ruleGroups('etcd-only.rules.yaml')).filter(({ labels }) => labels.severity === 'page');
  expect(pagesOfEtcd.length).toBeGreaterThan(5);
  for (const { alert } of pagesOfEtcd) {
    expect(pages.find((each) => each.alert === alert)?.text, alert).toMatch(/^\d+\. Without agents: /m);
  }
});

it('a command that this program does not know is found', async () => {
  await expect(parsed('etcd-caretaker mend everything')).rejects.toThrow();
  await expect(parsed('etcd-caretaker recover --gone m3')).rejects.toThrow();
});

/** Lines between backquotes that call this program. */
function commandLines(text: string): readonly string[] {
  return [...text.matchAll(/`(etcd-caretaker [^`]+)`/g)].map(([, line = '']) => line);
}

/** Parses a command line as the program itself would, and does nothing. Rejects where it would refuse it. */
async function parsed(line: string): Promise<void> {
  const program = new Command('etcd-caretaker');
  for (const command of await commandsFor([])) program.addCommand(command);
  makeHarmless(program);
  await program.parseAsync(line.split(/\s+/).slice(1), { from: 'user' });
}

function makeHarmless(command: Command): void {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  if (command.commands.length === 0) command.action(() => {});
  for (const child of command.commands) makeHarmless(child);
}
