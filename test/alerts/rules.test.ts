import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causeNames } from '../../src/cluster/diagnosis.ts';
import { type CaseFile, promtoolTests, readCases } from './cases.ts';
import { alertsFolder, alertsOf, type RuleGroup, ruleFiles, ruleGroups, runbooksUrl, toolsFolder } from './rules.ts';

const promtool = join(toolsFolder, 'prometheus', 'promtool');
const caseFiles = readCases();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-alerts-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What promtool says, and how it ends. */
function run(...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(promtool, [...args], { maxBuffer: 64 * 2 ** 20 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, said: stdout + stderr }),
    );
  });
}

/** The groups that a file of cases is about, and those that all of them stand on. */
function groupsOf({ rules, groups }: CaseFile): readonly RuleGroup[] {
  const wanted = groups === undefined ? undefined : [...groups, 'recorded'];
  return ruleGroups(rules).filter(
    ({ name }) => wanted === undefined || wanted.some((each) => name.endsWith(`.${each}`)),
  );
}

it.each(ruleFiles)('promtool finds nothing wrong with %s', async (file) => {
  const { code, said } = await run('check', 'rules', join(alertsFolder, file));
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('SUCCESS') });
});

describe.concurrent('every alert fires when it must, and nothing else does', () => {
  it.each(caseFiles)('$file', async (cases) => {
    const [rulesFile, testFile] = [join(folder, `rules-${cases.file}`), join(folder, cases.file)];
    // JSON is YAML.
    await writeFile(rulesFile, JSON.stringify({ groups: groupsOf(cases) }));
    await writeFile(
      testFile,
      JSON.stringify(promtoolTests(cases, { rulesFile, groups: groupsOf(cases).map(({ name }) => name) }, runbooksUrl)),
    );
    const { code, said } = await run('test', 'rules', testFile);
    expect(code, said).toBe(0);
  });
});

it('a case whose alert does not come, or comes unasked, fails', async () => {
  const [known] = caseFiles.filter(({ file }) => file === 'resources.yaml');
  const fires = known?.cases.find(({ firing }) => 'EtcdClockSkew' in firing);
  if (known === undefined || fires === undefined) throw new Error('there is no case of EtcdClockSkew');
  const silent = { ...fires, change: [] };
  const unasked = { ...fires, firing: {} };
  const rulesFile = join(folder, 'rules-unasked.yaml');
  await writeFile(rulesFile, JSON.stringify({ groups: groupsOf(known) }));
  for (const wrong of [silent, unasked]) {
    const testFile = join(folder, 'unasked.yaml');
    await writeFile(
      testFile,
      JSON.stringify(
        promtoolTests(
          { ...known, cases: [wrong] },
          { rulesFile, groups: groupsOf(known).map(({ name }) => name) },
          runbooksUrl,
        ),
      ),
    );
    const { code, said } = await run('test', 'rules', testFile);
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('FAILED') });
  }
});

it.each(ruleFiles)('every alert of %s has a case in which it fires, and one in which it does not', (file) => {
  const ofFile = caseFiles.filter(({ rules }) => rules === file);
  for (const { alert } of alertsOf(ruleGroups(file))) {
    const cases = ofFile
      .filter((each) => alertsOf(groupsOf(each)).some((rule) => rule.alert === alert))
      .flatMap((each) => each.cases);
    expect(
      cases.some(({ firing }) => alert in firing),
      `${alert} fires`,
    ).toBe(true);
    expect(
      cases.some(({ firing }) => !(alert in firing)),
      `${alert} is silent`,
    ).toBe(true);
  }
});

it.each(ruleFiles)('the alerts of %s have names of their own and end in their runbook', (file) => {
  const alerts = alertsOf(ruleGroups(file));
  const names = alerts.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook_url).toBe(`${runbooksUrl}/${alert}.md`);
  }
});

it('the rules look only at metrics that the agents have, or etcd', async () => {
  const reference = await readFile(join(alertsFolder, '..', 'docs', 'metrics.md'), 'utf8');
  const documented = new Set([...reference.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name));
  for (const file of ruleFiles) {
    const text = await readFile(join(alertsFolder, file), 'utf8');
    const used = new Set([...text.matchAll(/\betcd_caretaker_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')));
    expect([...used].filter((name) => !documented.has(name))).toEqual([]);
  }
});

it('the verdicts that descriptions quote in these cases are those that the agents give', () => {
  const named = caseFiles.flatMap(({ cases }) =>
    cases.flatMap(({ change }) => change.flatMap(({ series }) => /verdict="([^"]*)"/.exec(series)?.[1] ?? [])),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((name) => !causeNames.some((known) => known === name))).toEqual([]);
});

it('every recorded series is used by an alert, a description or a dashboard', async () => {
  for (const file of ruleFiles) {
    const text = await readFile(join(alertsFolder, file), 'utf8');
    const records = ruleGroups(file).flatMap(({ rules }) =>
      rules.flatMap((each) => ('record' in each ? each.record : [])),
    );
    const unused = records.filter((name) => text.split(new RegExp(`${name}\\b`)).length < 3);
    expect(unused.filter((name) => !name.startsWith('etcd_caretaker:canary_error_ratio:'))).toEqual([]);
  }
});
