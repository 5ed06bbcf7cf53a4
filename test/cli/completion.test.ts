import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command, Option } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bashCompletion } from '../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../src/cli/completion/fish.ts';
import { commandWords } from '../../src/cli/completion/words.ts';
import { zshCompletion } from '../../src/cli/completion/zsh.ts';
import { runCli } from './doctor/run-cli.ts';

const run = promisify(execFile);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-completion-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function program(): Command {
  const made = new Command('tool').option('--debug', 'more').option('-V, --version', "the tool's version");
  made
    .command('look')
    .description("look at somebody's things: all of them")
    .option('-c, --config <file>', 'a file')
    .option('--name <name>', 'a name')
    .addOption(new Option('-o, --output <format>', 'form').choices(['table', 'json', 'yaml']));
  made.command('config').description('settings').command('check').description('check them');
  return made;
}

/** What bash offers for the last of these words, with the script sourced into a real bash. */
async function complete(script: string, words: readonly string[], cwd = folder): Promise<readonly string[]> {
  const file = join(folder, 'completion.bash');
  await writeFile(file, script);
  const code = `
    source "$1"; shift
    spec=$(complete -p "$1") || exit 7
    function_name=$(sed 's/.*-F \\([^ ]*\\).*/\\1/' <<<"$spec")
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    "$function_name"
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '-c', code, 'bash', file, ...words], { cwd });
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  const script = bashCompletion('tool', commandWords(program()));

  test.each([
    ['commands', ['tool', ''], ['look', 'config', '--debug', '--version', '-V', '--help', '-h']],
    ['what begins so', ['tool', 'lo'], ['look']],
    [
      'options of a command and those of all',
      ['tool', 'look', '--'],
      ['--config', '--name', '--output', '--help', '--debug'],
    ],
    ['the choices of an option', ['tool', 'look', '-o', ''], ['table', 'json', 'yaml']],
    ['the choices after an equals sign, which bash takes apart', ['tool', 'look', '--output', '=', 'j'], ['json']],
    ['commands below a command', ['tool', 'config', 'ch'], ['check']],
    ['nothing for a value that may be anything', ['tool', 'look', '--name', ''], []],
    [
      'options also after an option that takes a value',
      ['tool', '--debug', 'look', '--name', 'config', '--out'],
      ['--output'],
    ],
  ])('offers %s', async (_name, words, expected) => {
    expect((await complete(script, words)).toSorted()).toEqual([...expected].toSorted());
  });

  test('offers files where a path belongs', async () => {
    await writeFile(join(folder, 'agent.yaml'), '');
    expect(await complete(script, ['tool', 'look', '--config', 'ag'])).toEqual(['agent.yaml']);
  });

  test('of the real program knows its commands and their options', async () => {
    const { stdout, exitCode } = await runCli(['completion', 'bash']);
    expect(exitCode).toBe(0);
    expect(await complete(stdout, ['etcd-caretaker', 'doc'])).toEqual(['doctor']);
    expect(await complete(stdout, ['etcd-caretaker', 'doctor', '--bun'])).toEqual(['--bundle']);
    expect(await complete(stdout, ['etcd-caretaker', 'config', 'schema', '-o', 'm'])).toEqual(['markdown']);
    expect(await complete(stdout, ['etcd-caretaker', 'explain', 'de'])).toEqual(['defrag']);
    expect(await complete(stdout, ['etcd-caretaker', 'run', 'h'])).toEqual(['hash-check']);
    expect(await complete(stdout, ['etcd-caretaker', 'run', 'defrag', '--dr'])).toEqual(['--dry-run']);
    expect(await complete(stdout, ['etcd-caretaker', 'pause', '--lo'])).toEqual(['--local']);
    expect(await complete(stdout, ['etcd-caretaker', 'completion', ''])).toEqual(
      expect.arrayContaining(['bash', 'zsh', 'fish']),
    );
  });
});

describe('completion in other shells', () => {
  test('for zsh names every command, with its description quoted', () => {
    const script = zshCompletion('tool', commandWords(program()));
    expect(script).toContain(`'look:look at somebody'\\''s things: all of them'`);
    expect(script).toContain(`compadd -- 'table' 'json' 'yaml'`);
    expect(script).toContain('#compdef tool\n');
  });

  test('for fish names every command, with its description quoted', () => {
    const script = fishCompletion('tool', commandWords(program()));
    expect(script).toContain(`-a 'look' -d 'look at somebody\\'s things: all of them'`);
    expect(script).toContain(`-l output -s o -x -a 'table json yaml'`);
    expect(script).toContain(`-l config -s c -r -F`);
  });

  test.each(['zsh', 'fish'])('for %s passes its own syntax check, where it is installed', async (shell) => {
    const { stdout } = await runCli(['completion', shell]);
    const file = join(folder, `completion.${shell}`);
    await writeFile(file, stdout);
    const isInstalled = await run('sh', ['-c', `command -v ${shell}`]).then(
      () => true,
      () => false,
    );
    if (isInstalled) await run(shell, ['-n', file]);
    expect(stdout).toContain('etcd-caretaker');
  });

  test('another shell is refused', async () => {
    const { stdout, stderr, exitCode } = await runCli(['completion', 'tcsh']);
    expect([stdout, exitCode]).toEqual(['', 2]);
    expect(stderr).toContain('bash, zsh, fish');
  });
});
