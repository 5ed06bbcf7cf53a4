import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeConfigCopy } from '../../../src/supervise/systemd/config-copy.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caretaker-config-copy-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const settings = new Map([['initial-cluster-state', 'existing']]);

describe('the copy of a configuration file of etcd', () => {
  it('differs in what begins a cluster alone, and is as private as the original', async () => {
    const [original, copy] = [join(folder, 'etcd.yml'), join(folder, 'copy.yml')];
    const kept = '# of the platform team\nname: a # the first\nclient-transport-security:\n  cert-file: /x\n';
    const text = `${kept}initial-cluster: a=http://b\ndiscovery: https://c\ninitial-cluster-state: new\n`;
    writeFileSync(original, text, { mode: 0o600 });
    await writeConfigCopy(original, copy, settings);
    expect(readFileSync(copy, 'utf8')).toBe(`${kept}initial-cluster-state: existing\n`);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readFileSync(original, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['copy.yml', 'etcd.yml']);
  });

  it.each(['name: [', '- a list'])('is not made of what is no configuration: %s', async (text) => {
    const original = join(folder, 'etcd.yml');
    writeFileSync(original, text);
    const failure = writeConfigCopy(original, join(folder, 'copy.yml'), settings);
    await expect(failure).rejects.toMatchObject({ code: 'SUPERVISE_CONFIG_FILE_UNREADABLE' });
    await expect(writeConfigCopy(join(folder, 'nowhere'), join(folder, 'copy.yml'), settings)).rejects.toMatchObject({
      code: 'SUPERVISE_CONFIG_FILE_UNREADABLE',
    });
  });
});
