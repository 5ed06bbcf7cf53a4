import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { chartFolder } from './helm.ts';

const root = join(chartFolder, '..', '..', '..');
const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');
const values = parse(read(chartFolder, 'values.yaml'));
const schema = JSON.parse(read(chartFolder, 'values.schema.json'));
const templates = readdirSync(join(chartFolder, 'templates'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(ya?ml|tpl|txt)$/.test(name),
);

test('the chart’s copies of rules and dashboards are current (else: npm run chart)', () => {
  const rules = read(root, 'alerts', 'etcd-caretaker.rules.yaml');
  expect(read(chartFolder, 'files', 'rules.yaml')).toBe(rules.slice(rules.indexOf('\ngroups:') + 1));
  const dashboards = readdirSync(join(root, 'dashboards')).filter((name) => name.endsWith('.json'));
  expect(readdirSync(join(chartFolder, 'files', 'dashboards'))).toEqual(dashboards);
  for (const name of dashboards) {
    expect(read(chartFolder, 'files', 'dashboards', name), name).toBe(read(root, 'dashboards', name));
  }
});

test('the chart has the version of the package', () => {
  const { version } = JSON.parse(read(root, 'package.json'));
  expect(parse(read(chartFolder, 'Chart.yaml'))).toMatchObject({ apiVersion: 'v2', version, appVersion: version });
});

test('the chart’s default values fit its schema, and the schema knows each of them and no other', () => {
  expect(z.fromJSONSchema(schema).safeParse(values).error).toBeUndefined();
  const unknown = (value: unknown, { properties, additionalProperties }: typeof schema, path: string): string[] => {
    const names = Object.keys(Object(value));
    // What is empty is the user's to fill.
    if (additionalProperties !== false || names.length === 0) return [];
    const missing = Object.keys(properties).filter((name) => !names.includes(name) && name !== 'global');
    return [
      ...missing.map((name) => `${path}${name}`),
      ...names.flatMap((name) => unknown(Reflect.get(Object(value), name), properties[name], `${path}${name}.`)),
    ];
  };
  expect(unknown(values, schema, '')).toEqual([]);
});

test('a value that the schema does not know is refused', () => {
  const { success } = z.fromJSONSchema(schema).safeParse({ ...values, replica: 3 });
  expect(success).toBe(false);
});

test.each(templates)('every block of the template %s is closed, and every value that it reads is there', (name) => {
  // Comments may quote anything.
  const text = read(chartFolder, 'templates', name).replace(/\{\{-?\s*\/\*[\s\S]*?\*\/\s*-?\}\}/g, '');
  expect(text.match(/\{\{/g)?.length).toBe(text.match(/\}\}/g)?.length);
  const actions = [...text.matchAll(/\{\{-?\s*([\s\S]*?)\s*-?\}\}/g)].map(([, action = '']) => action);
  const begun = actions.filter((action) => /^(if|with|range|define|block)\b/.test(action));
  const ended = actions.filter((action) => action === 'end');
  expect(ended.length).toBe(begun.length);
  for (const [, path = ''] of text.matchAll(/\.Values\.([A-Za-z0-9.]+)/g)) {
    const parts = path.replace(/\.$/, '').split('.');
    // What stands below an object that is the user's own is the user's own.
    let at: unknown = values;
    for (const part of parts) {
      expect(Object.keys(Object(at)), `.Values.${path} in ${name}`).toContain(part);
      at = Reflect.get(Object(at), part);
    }
  }
});

test('every template that is included is defined', () => {
  const texts = templates.map((name) => read(chartFolder, 'templates', name)).join('\n');
  const names = (pattern: RegExp): Set<string> => new Set([...texts.matchAll(pattern)].map(([, name = '']) => name));
  const defined = names(/define "([^"]+)"/g);
  const included = [...names(/include "([^"]+)"/g)];
  expect(included.filter((name) => !defined.has(name))).toEqual([]);
  // By name of the use.
  for (const use of schema.properties.use.enum) {
    expect(defined).toContain(`etcd-caretaker.config.${use}`);
  }
});

test('the notes about a sidecar write into no file that the page has for one’s own values', () => {
  const written = /> (\S+\.yaml)\n/g;
  const own = [...read(root, 'docs', 'helm.md').matchAll(/helm -n \S+ install .* -f (\S+)/g)].map(([, file]) => file);
  const notes = [...read(chartFolder, 'templates', 'NOTES.txt').matchAll(written)].map(([, file]) => file);
  expect(own).toContain('sidecar.yaml');
  expect(notes).toEqual(['caretaker.yaml', 'patch.yaml']);
});
