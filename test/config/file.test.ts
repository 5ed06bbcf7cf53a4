import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { inFolder, linesOf, load, minimal, problemsOf } from './loading.ts';

function refused(file: string) {
  return problemsOf(loadConfig({ file, env: {} }));
}

/** Root may read everything: as nobody, then. */
async function withoutRoot<T>(use: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await use();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('a configuration file', () => {
  it('that does not exist is one problem, without those of what would have stood in it', async () => {
    expect(await refused('/nowhere/agent.yaml')).toEqual([
      {
        code: 'FILE_UNREADABLE',
        message: '/nowhere/agent.yaml: the file does not exist',
        hint: 'check the path behind --config',
      },
    ]);
  });

  it('that may not be read is refused', async () => {
    await inFolder(async (folder) => {
      const file = join(folder, 'agent.yaml');
      await writeFile(file, minimal);
      await chmod(folder, 0o755);
      await chmod(file, 0o000);
      const [problem] = await withoutRoot(() => refused(file));
      expect(problem?.message).toContain('the file may not be read by this user');
    });
  });

  it('that is a directory, or a link to itself, is refused', async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, 'd'));
      await symlink('loop', join(folder, 'loop'));
      expect((await refused(join(folder, 'd')))[0]?.message).toContain('it is a directory, not a file');
      expect((await refused(join(folder, 'loop')))[0]?.message).toContain('a symbolic link that leads to itself');
      expect((await refused(join(folder, 'd', 'x', 'y')))[0]?.message).toContain('the file does not exist');
    });
  });

  it('that the disk cannot give is refused with the code of the system', async () => {
    expect((await refused('/proc/self/mem'))[0]?.message).toBe('/proc/self/mem: the file cannot be read (EIO)');
  });

  it('that never ends is refused', async () => {
    expect((await refused('/dev/zero'))[0]?.message).toContain('the file is larger than 1MiB');
  });

  it('that is not UTF-8 is refused', async () => {
    const [line = ''] = await linesOf({ yaml: new Uint8Array([0x6d, 0x3a, 0x20, 0xff, 0xfe]) });
    expect(line).toContain('the file is not UTF-8 text');
  });

  it('may begin with a byte order mark and have Windows line ends', async () => {
    const { config } = await load({ yaml: `\uFEFF${minimal.replaceAll('\n', '\r\n')}` });
    expect(config.member.name).toBe('a');
  });

  it.each(['', '\n\n', '# nothing\n', '---\n', 'null\n'])('%j sets nothing', async (yaml) => {
    const flags = { 'member.name': 'a', 'member.dataDir': '/d' };
    const { origins } = await load({ yaml, flags });
    expect(origins.get('log.level')).toBe('default');
  });

  it('may have sections whose keys are all commented out', async () => {
    const { config } = await load({ yaml: `${minimal}observe:\n#  interval: 5s\n` });
    expect(config.observe.intervalMs).toBe(10_000);
  });

  it.each([
    ['- a\n- b\n', 1, 'a list'],
    ['# why\n\n[a, b]\n', 3, 'a list'],
    ['just text\n', 1, 'a single value'],
    ['42\n', 1, 'a single value'],
  ])('%j holds no keys', async (yaml, line, what) => {
    expect(await linesOf({ yaml })).toEqual([
      `agent.yaml:${line}: the file holds ${what}, where keys are expected; write \`key: value\` on each line`,
    ]);
  });

  it('with a syntax error is refused with line and column, without the text, which may be a secret', async () => {
    const lines = await linesOf({ yaml: `${minimal}cluster:\n\tname: hunter2\n` });
    expect(lines[0]).toMatch(/^agent\.yaml:5: this is not YAML \(column \d+, [A-Z_]+\); indent with spaces/);
    expect(lines.join('\n')).not.toContain('hunter2');
  });

  it('with two documents is refused', async () => {
    const [line = ''] = await linesOf({ yaml: `${minimal}---\nlog: {level: debug}\n` });
    expect(line).toContain('the file holds more than one YAML document');
  });

  it('with a key or a section twice is refused with both lines', async () => {
    expect(
      await linesOf({
        yaml: `${minimal}log: {level: info}\nobserve:\n  interval: 5s\n  interval: 6s\nlog: {level: warn}\n`,
      }),
    ).toEqual([
      'agent.yaml:7: observe.interval: the key stands there twice (first in line 6)',
      'agent.yaml:8: log: the key stands there twice (first in line 4)',
    ]);
  });

  it('that would unfold to billions of values is refused at once', async () => {
    const levels = Array.from(
      { length: 30 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`,
    );
    const yaml = `${minimal}l0: &l0 [x, x]\n${levels.join('\n')}\ncluster: {endpoints: *l30}\n`;
    const lines = await linesOf({ yaml });
    expect(lines).toHaveLength(32);
    expect(lines.at(-1)).toContain('cluster.endpoints: aliases (*) are not accepted');
  });

  it('that is nested a hundred thousand deep is refused', async () => {
    const problems = await problemsOf(load({ yaml: `a: ${'['.repeat(100_000)}` }));
    expect(problems.length).toBeGreaterThan(0);
  });

  it('whatever it holds is accepted or refused, never more', async () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc
        .array(
          fc.constantFrom(
            'member',
            ':',
            ' ',
            '\n',
            '  ',
            'name',
            '- ',
            '{',
            '}',
            '[',
            '&a',
            '*a',
            '<<',
            '!x',
            '"',
            "'",
            '|',
            '>',
            '?',
            '#',
            '__proto__',
            'null',
            '%',
          ),
        )
        .map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (yaml) => {
        const outcome: unknown = await load({ yaml }).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ConfigError);
      }),
      { numRuns: 300 },
    );
  });
});
