import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { programFor } from '../../src/cli/program.ts';
import { openApiDocument } from '../../src/expose/openapi/document.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'output.md'), 'utf8');
const rows = [...page.matchAll(/^\| `([^`]+)` \| ([^|]+) \| (.+) \|$/gm)].map(
  ([, name = '', formats = '', what = '']) => ({
    name,
    formats: formats.split(', '),
    what,
  }),
);

interface Leaf {
  readonly name: string;
  /** What `-o` takes; absent where there is none. */
  readonly formats?: readonly string[];
  readonly takesWatch: boolean;
}

function leavesOf(command: Command, path: readonly string[] = []): readonly Leaf[] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((child) => leavesOf(child, [...path, child.name()]));
  }
  const formats = command.options.find(({ short }) => short === '-o')?.argChoices;
  const takesWatch = command.options.some(({ long }) => long === '--watch');
  return [{ name: path.join(' '), takesWatch, ...(formats === undefined ? {} : { formats }) }];
}

describe('docs/output.md', () => {
  let leaves: readonly Leaf[];

  beforeAll(async () => {
    leaves = leavesOf(await programFor([]));
  });

  it('has a row for every command with -o, and no other, with the formats that it takes', () => {
    const withOutput = leaves.flatMap(({ name, formats }) => (formats === undefined ? [] : [{ name, formats }]));
    expect(withOutput.length).toBeGreaterThan(20);
    expect(rows.map(({ name, formats }) => ({ name, formats: formats.toSorted() }))).toEqual(
      withOutput.map(({ name, formats }) => ({ name, formats: formats.toSorted() })),
    );
  });

  it('names every command that prints no data', () => {
    const last = page.slice(page.indexOf('## Commands that print none'));
    const named = [...last.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(named).toEqual(leaves.filter(({ formats }) => formats === undefined).map(({ name }) => name));
  });

  it('names every command that can be watched', () => {
    const part = /## With `--watch`\n([^.]*) take `--watch/.exec(page)?.[1] ?? '';
    const named = [...part.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(leaves.flatMap(({ name, takesWatch }) => (takesWatch ? [name] : [])).toSorted());
  });

  it('names schemas that the API has', () => {
    const { components } = openApiDocument([], '0.0.0') as { readonly components: { readonly schemas: object } };
    const named = rows.flatMap(({ what }) => [...what.matchAll(/API `(\w+)`/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !Object.hasOwn(components.schemas, name))).toEqual([]);
  });
});
