import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { configCommand } from '../../src/cli/config.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';
import { inFolder, minimal } from '../config/loading.ts';

/** Runs `config …` with a file of the given text, and gives what it wrote on stdout and its exit code. */
async function run(yaml: string, ...args: readonly string[]) {
  return await inFolder(async (folder) => {
    const file = join(folder, 'agent.yaml');
    await writeFile(file, yaml);
    let stdout = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      stdout += String(chunk);
      return true;
    });
    try {
      const [name = '', ...rest] = args;
      const source = name === 'schema' ? [] : ['--config', file];
      await configCommand().parseAsync([name, ...source, ...rest], { from: 'user' });
    } finally {
      write.mockRestore();
    }
    return { stdout, exitCode: process.exitCode ?? 0, folder };
  });
}

afterEach(() => {
  process.exitCode = undefined;
});

describe('config check', () => {
  it('says OK', async () => {
    const { stdout, exitCode } = await run(minimal, 'check', '--set', 'log.level=debug');
    expect([stdout, exitCode]).toEqual(['OK: 3 keys are set, the others have their defaults\n', 0]);
  });

  it('fails with every problem, and leaves stdout to the data', async () => {
    await expect(run('{}', 'check')).rejects.toThrow(ConfigError);
    await expect(run('{}', 'check')).rejects.toThrow(/member\.name: it must be set.*member\.dataDir: it must be set/s);
  });

  it('reads the files that the configuration names, as the agent will', async () => {
    const set = ['--set', 'expose.auth.tokenFile=/nope'];
    await expect(run(minimal, 'check', ...set)).rejects.toThrow(/--set expose\.auth\.tokenFile: \/nope cannot be read/);
    const { stdout, exitCode } = await run(minimal, 'check', '-o', 'json', ...set);
    const problems = [{ code: 'FILE_UNREADABLE', key: 'expose.auth.tokenFile' }];
    expect(JSON.parse(stdout)).toMatchObject({ valid: false, problems });
    expect(exitCode).toBe(2);
  });

  it.each(['json', 'yaml'])('gives the problems as %s to other programs, with exit code 2', async (format) => {
    const { stdout, exitCode } = await run(`${minimal}zebra: 1\n`, 'check', '-o', format);
    expect(parse(stdout)).toMatchObject({
      valid: false,
      problems: [{ code: 'UNKNOWN_KEY', key: 'zebra', origin: { line: 4 } }],
    });
    expect(exitCode).toBe(2);
    expect(parse((await run(minimal, 'check', '-o', format)).stdout)).toEqual({ valid: true, problems: [] });
  });
});

describe('config print', () => {
  it('shows every key with its effective value and where it came from', async () => {
    const { stdout, folder } = await run(minimal, 'print', '--set', 'observe.interval=5s');
    const cells = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(cells).toContainEqual(['KEY', 'VALUE', 'ORIGIN']);
    expect(cells).toContainEqual(['member.name', 'a', `${folder}/agent.yaml:2`]);
    expect(cells).toContainEqual(['observe.interval', '5s', '--set observe.interval']);
    expect(cells).toContainEqual(['observe.deadline', '2s500ms', 'from observe.interval']);
    expect(cells).toContainEqual(['log.level', 'info', 'default']);
    expect(cells).toContainEqual(['expose.tls.cert', '-', 'not set']);
  });

  it('as JSON has values and origins by key', async () => {
    const { stdout } = await run(minimal, 'print', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      'member.name': { value: 'a', origin: { line: 2 } },
      'member.walDir': { value: '/var/lib/etcd/member/wal', origin: { derivedFrom: 'member.dataDir' } },
      'expose.tls.cert': {},
    });
  });

  it('as YAML is a file that gives the same configuration again', async () => {
    const yaml = `${minimal}cluster: {endpoints: ["http://a:1", "http://[::1]:2"]}\n`;
    const { stdout } = await run(yaml, 'print', '-o', 'yaml');
    expect(stdout).toContain('level: info # default');
    await inFolder(async (folder) => {
      const [first, again] = [join(folder, 'a.yaml'), join(folder, 'b.yaml')];
      await writeFile(first, yaml);
      await writeFile(again, stdout);
      const load = async (file: string) => (await loadConfig({ file, env: {} })).config;
      expect(await load(again)).toEqual(await load(first));
    });
  });

  it('never reads the files that hold secrets', async () => {
    await inFolder(async (folder) => {
      const secret = join(folder, 'password');
      await writeFile(secret, 'hunter2');
      const yaml = `${minimal}cluster: {auth: {username: root, passwordFile: ${secret}}}\n`;
      for (const format of ['table', 'json', 'yaml']) {
        const { stdout } = await run(yaml, 'print', '-o', format);
        expect(stdout).toContain(secret);
        expect(stdout).not.toContain('hunter2');
      }
    });
  });
});

describe('config schema', () => {
  it('prints the JSON Schema', async () => {
    const { stdout } = await run('', 'schema');
    expect(JSON.parse(stdout)).toMatchObject({ title: 'Configuration of etcd-caretaker', type: 'object' });
  });

  it('prints the reference that is in docs', async () => {
    const { stdout } = await run('', 'schema', '-o', 'markdown');
    expect(stdout).toBe(await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8'));
  });
});
