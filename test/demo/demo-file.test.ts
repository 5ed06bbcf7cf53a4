import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgetEnded } from '../../src/demo/demo-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caretaker-demo-file-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('of processes that have ended the ids become null, and all else stays as it was', () => {
  const file = join(folder, 'demo.json');
  const members = [
    { name: 'm1', etcdPid: 1001, agentPid: 1002 },
    { name: 'm2', etcdPid: null, agentPid: 1003 },
  ];
  writeFileSync(file, JSON.stringify({ members, store: 'file:///x', token: 't' }));
  forgetEnded(file, (pid) => pid === 1003);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    members: [
      { name: 'm1', etcdPid: null, agentPid: null },
      { name: 'm2', etcdPid: null, agentPid: 1003 },
    ],
    store: 'file:///x',
    token: 't',
  });
});

test.each([
  ['that is missing', undefined],
  ['that is garbage', '{'],
  ['of another kind', '{"members": 3}'],
])('a file %s is left as it is', (_, content) => {
  const file = join(folder, 'demo.json');
  if (content !== undefined) writeFileSync(file, content);
  forgetEnded(file, () => false);
  expect(readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual(
    content === undefined ? [] : [content],
  );
});
