import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { commandWords } from '../../src/cli/completion/words.ts';
import { manPage } from '../../src/cli/man/page.ts';
import { roffProse, roffText } from '../../src/cli/man/roff.ts';
import { programFor } from '../../src/cli/program.ts';

const run = promisify(execFile);

describe('text in a manual page', () => {
  it('has nothing in it that roff would take for its own', () => {
    expect(roffText(".start\n'quoted' \\n --long `x` …")).toBe(
      '\\&.start\n\\(aqquoted\\(aq \\en \\-\\-long \\(gax\\(ga \\[u2026]',
    );
  });

  it('keeps examples as they stand, below the line that they belong to', () => {
    expect(roffProse('Do it.\n\nExamples:\n  tool a\n  tool b')).toBe(
      '.PP\nDo it.\n.PP\nExamples:\n.RS 2\n.PP\n.nf\n  tool a\n  tool b\n.fi\n.RE\n',
    );
  });
});

describe('the manual page', () => {
  let page: string;
  let words: ReturnType<typeof commandWords>;

  beforeAll(async () => {
    const program = await programFor([]);
    page = manPage(program, '1.2.3');
    words = commandWords(program);
  });

  it('has every command with every option', () => {
    const parts = page.split(/^\.S[SH] /m);
    expect(words.length).toBeGreaterThan(25);
    for (const { path, options } of words.slice(1)) {
      const part = parts.find((each) => each.startsWith(`"${roffText(path.join(' '))} `));
      expect(part, path.join(' ')).toBeDefined();
      for (const { names } of options.filter((option) => !/^--(help|debug)$/.test(option.names[0] ?? ''))) {
        expect(part, path.join(' ')).toContain(roffText(names[0] ?? ''));
      }
    }
  });

  it('has an example of every command that does something', () => {
    for (const { path, subcommands } of words.slice(1)) {
      if (subcommands.length === 0) expect(page).toContain(roffText(`  etcd-caretaker ${path.join(' ')}`));
    }
  });

  it('has the sections that are looked for, and only known requests', () => {
    for (const section of [
      'NAME',
      'SYNOPSIS',
      'OPTIONS',
      'COMMANDS',
      'EXIT STATUS',
      'ENVIRONMENT',
      'FILES',
      'EXAMPLES',
    ]) {
      expect(page).toContain(`\n.SH ${section}\n`);
    }
    const requests = new Set(page.match(/^[.']\w*/gm));
    expect([...requests].toSorted()).toEqual(
      ['.B', '.BR', '.PP', '.RE', '.RS', '.SH', '.SS', '.TH', '.TP', '.fi', '.nf'].toSorted(),
    );
  });

  it('is shown by groff without a warning, where that is installed', async () => {
    const isThere = await run('groff', ['--version']).catch(() => undefined);
    if (isThere === undefined) return;
    const folder = await mkdtemp(join(tmpdir(), 'caretaker-man-'));
    try {
      await writeFile(join(folder, 'page.1'), page);
      const { stdout, stderr } = await run('groff', ['-man', '-Tutf8', '-ww', join(folder, 'page.1')]);
      expect(stderr).toBe('');
      expect(stdout).toContain('ETCD-CARETAKER(1)');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
