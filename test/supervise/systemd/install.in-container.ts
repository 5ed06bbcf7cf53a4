import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askOverSocket } from '../../healing/tended-member.ts';
import { findBinaries } from '../../real/binaries.ts';
import { freePort } from '../../real/ports.ts';
import { removeUnit, systemctl, until } from './etcd-units.ts';

const UNIT = 'etcd-caretaker.service';
const folder = '/var/lib/caretaker-install';
const config = '/etc/etcd-caretaker/agent.yaml';
const socket = '/run/etcd-caretaker/m1.sock';
const program = '/usr/local/bin/etcd-caretaker-of-a-test';
const main = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');

const cli = (...args: string[]): string =>
  execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const property = (name: string): string => systemctl('show', `--property=${name}`, '--value', UNIT).trim();
const own = async (): Promise<{ readonly process: { readonly state: string; readonly pid?: number } }> =>
  Reflect.get((await askOverSocket(socket, '/api/v1/observation')) as object, 'own');

describe('an agent that was installed with systemd', () => {
  beforeAll(async () => {
    mkdirSync('/etc/etcd-caretaker', { recursive: true });
    mkdirSync(folder, { recursive: true });
    const [client, peer] = [await freePort(), await freePort()];
    writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`);
    chmodSync(program, 0o755);
    writeFileSync(
      config,
      `member: {name: m1, endpoint: "http://127.0.0.1:${client}", peerUrl: "http://127.0.0.1:${peer}", dataDir: ${folder}/data}
cluster: {name: installed, peers: ["m1=http://127.0.0.1:${peer} http://127.0.0.1:${await freePort()}"]}
observe: {interval: 1s, deadline: 900ms}
supervise: {kind: child, child: {etcd: ${findBinaries('3.5').etcd}}}
backup: {store: ["file://${folder}/backups"]}
expose: {listen: "127.0.0.1:${await freePort()}"}
`,
    );
  });
  afterAll(() => {
    removeUnit(UNIT);
    for (const path of [folder, '/etc/etcd-caretaker', program]) rmSync(path, { recursive: true, force: true });
  });

  test('is only described by a dry run', () => {
    const said = cli('install', 'systemd', '--config', config, '--program', program, '--dry-run');
    expect(said).toContain(`write /etc/systemd/system/${UNIT}`);
    expect(said).toContain(`ReadWritePaths=${folder.replace(/\/[^/]+$/, '')}`);
    expect(existsSync(`/etc/systemd/system/${UNIT}`)).toBe(false);
  });

  test('starts etcd within what its unit lets it do, and sees it', async () => {
    cli('install', 'systemd', '--config', config, '--program', program);
    await until('etcd serves', async () => (await own()).process.state === 'running');
    expect(property('ActiveState')).toBe('active');
    expect(systemctl('is-enabled', UNIT).trim()).toBe('enabled');
    await until('its I/O and its files are seen', async () => {
      const observation = (await askOverSocket(socket, '/api/v1/observation')) as {
        readonly sections: Readonly<Record<string, { readonly value?: Readonly<Record<string, unknown>> }>>;
      };
      const { process: seen, 'fsync-probe': probe, disk } = observation.sections;
      return seen?.value?.['writtenBytes'] !== undefined && probe?.value !== undefined && disk?.value !== undefined;
    });
    await until('a full snapshot is in the store', () => existsSync(`${folder}/backups/installed`));
  });

  test('is exposed to little, by the word of systemd itself', () => {
    const said = execFileSync('systemd-analyze', ['security', '--no-pager', UNIT], { encoding: 'utf8' });
    const [, exposure = '10'] = /Overall exposure level for \S+: ([\d.]+)/.exec(said) ?? [];
    expect(Number(exposure)).toBeLessThan(4);
  });

  test('leaves etcd alone when it is killed, and when it is started again', async () => {
    const { pid } = (await own()).process;
    expect(pid).toBeGreaterThan(0);
    const agent = property('MainPID');
    systemctl('kill', '--kill-whom=main', '--signal=SIGKILL', UNIT);
    await until('another agent is there', () => !['0', agent].includes(property('MainPID')));
    await until('it has found etcd', async () => (await own()).process.pid === pid);
    systemctl('restart', UNIT);
    await until('it has found etcd once more', async () => (await own()).process.pid === pid);
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8').trim()).toBe('etcd');
  });

  test('is started anew when it is installed once more, and etcd is not', async () => {
    const { pid } = (await own()).process;
    const agent = property('MainPID');
    const said = cli('install', 'systemd', '--config', config, '--program', program);
    expect(said).toContain(UNIT);
    expect(property('MainPID')).not.toBe(agent);
    await until('it has found etcd', async () => (await own()).process.pid === pid);
  });
});
