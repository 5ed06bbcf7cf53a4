import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandsFor } from '../../src/cli/commands.ts';

const cli = join(import.meta.dirname, '..', '..', 'src', 'cli');

/** What a file imports at once, directly or not: files of ours, and all else by its name. Types are no imports. */
function importedAtOnce(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, words = '', name = ''] of text.matchAll(/^(?:import|export)\s([^;]*?\sfrom\s+)?'([^']+)'/gm)) {
    if (words.startsWith('type ')) continue;
    if (name.startsWith('.')) importedAtOnce(join(dirname(file), name), seen);
    else seen.add(name);
  }
  return seen;
}

const names = async (args: readonly string[]): Promise<readonly string[]> =>
  (await commandsFor(args)).map((command) => command.name());

describe('the commands that a command line needs', () => {
  it('are the one that it names, also after options', async () => {
    expect(await names(['status'])).toEqual(['status']);
    expect(await names(['--debug', 'backup', 'list'])).toEqual(['backup']);
  });

  it('are all where it names none, or one that speaks of all', async () => {
    const all = await names([]);
    expect(all.length).toBeGreaterThan(15);
    for (const args of [['--help'], ['help', 'status'], ['statsu'], ['completion', 'bash'], ['man']]) {
      expect(await names(args)).toEqual(all);
    }
  });

  it('have the names by which they are found', async () => {
    for (const name of await names([])) expect(await names([name])).toContain(name);
  });
});

describe.each(['main.ts', 'status.ts', 'explain.ts', 'keyspace.ts', 'resume.ts'])(
  '%s, which has to start fast',
  (file) => {
    it('imports no library but that of the command line, and of Node nothing that is slow to read', () => {
      const imported = [...importedAtOnce(join(cli, file))].filter((name) => !name.startsWith('/'));
      const slow = ['node:http', 'node:https', 'node:tls', 'node:crypto', 'node:zlib'];
      expect(
        imported.filter((name) => !(name === 'commander' || name.startsWith('node:')) || slow.includes(name)),
      ).toEqual([]);
    });
  },
);
