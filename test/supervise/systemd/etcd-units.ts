import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EtcdLine, findBinaries } from '../../real/binaries.ts';
import { freePort } from '../../real/ports.ts';

/** How a unit says what etcd is to be started with. */
export type UnitForm =
  | 'environment-file'
  | 'variable-with-flags'
  | 'flags'
  | 'config-file'
  | 'wrapper'
  | 'wrapper-config-file';

export const unitForms: readonly UnitForm[] = [
  'environment-file',
  'variable-with-flags',
  'flags',
  'config-file',
  'wrapper',
  'wrapper-config-file',
];

/** The user that etcd runs as: what it has to read has to be readable by it. */
const daemon = { name: 'daemon', uid: 1, gid: 1 };

/** One etcd as a unit of this machine's systemd, in the container. */
export interface UnitOfEtcd {
  readonly unit: string;
  readonly name: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly clientPort: number;
  readonly dataDir: string;
  /** What the unit runs. */
  readonly etcd: string;
  /** Where the settings stand that are not the agent's to change. */
  readonly settingsFile: string;
}

export interface UnitPlan {
  readonly name: string;
  readonly line: EtcdLine;
  readonly form: UnitForm;
  /** Settings that begin a cluster, by flag: what a unit may say that is wrong by now. */
  readonly begin: Readonly<Record<string, string>>;
  /** Lines of `[Service]`. */
  readonly service?: readonly string[];
  /** Lines of `[Unit]`. */
  readonly head?: readonly string[];
  /** Its etcd is a symbolic link to this, not a copy of its own. */
  readonly linkTo?: string;
}

/** Writes a unit, as people do, and has systemd read it. */
export async function makeUnit(plan: UnitPlan): Promise<UnitOfEtcd> {
  const { name, line, form, begin } = plan;
  const [clientPort, peerPort] = [await freePort(), await freePort()];
  const folder = `/var/lib/caretaker-test/${name}`;
  const etcd = join(folder, 'etcd');
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${clientPort}`, `http://127.0.0.1:${peerPort}`];
  const made = { unit: `${name}.service`, name, clientUrl, clientPort, peerUrl, etcd, dataDir: join(folder, 'data') };
  mkdirSync(folder, { recursive: true });
  mkdirSync(made.dataDir, { recursive: true, mode: 0o700 });
  chownSync(made.dataDir, daemon.uid, daemon.gid);
  // The user of the unit cannot go into the folders of whoever runs the tests.
  if (plan.linkTo === undefined) execFileSync('cp', [findBinaries(line).etcd, etcd]);
  else symlinkSync(plan.linkTo, etcd);
  const settings: Record<string, string> = {
    name,
    'data-dir': made.dataDir,
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    logger: 'zap',
    ...begin,
  };
  const settingsFile = join(folder, 'settings');
  const write = (text: string) => {
    writeFileSync(settingsFile, text);
    chmodSync(settingsFile, 0o640);
    chownSync(settingsFile, 0, daemon.gid);
  };
  const flags = Object.entries(settings).map(([flag, value]) => `--${flag}=${value}`);
  const wrapper = join(folder, 'start-it.sh');
  const lines: string[] = [];
  if (form === 'flags') {
    lines.push(`ExecStart=${etcd} \\`, '# a remark', ...flags.map((flag) => `  "${flag}" \\`), '');
  } else if (form === 'config-file') {
    write(
      `# the settings of ${name}\n${Object.entries(settings)
        .map(([key, value]) => `${key}: "${value}" # ${key}\n`)
        .join('')}`,
    );
    lines.push(`ExecStart=${etcd} --config-file ${settingsFile}`);
  } else if (form === 'wrapper-config-file') {
    write(
      Object.entries(settings)
        .map(([key, value]) => `${key}: "${value}"\n`)
        .join(''),
    );
    writeFileSync(wrapper, `#!/bin/sh\nexec ${etcd} "$@"\n`, { mode: 0o755 });
    lines.push(`Environment=ETCD_CONFIG_FILE=${settingsFile}`, `ExecStart=${wrapper}`);
  } else if (form === 'variable-with-flags') {
    write(`DAEMON_ARGS="${flags.join(' ')}"\n`);
    lines.push(`EnvironmentFile=-${settingsFile}`, `ExecStart=${etcd} $DAEMON_ARGS`);
  } else {
    write(
      Object.entries(settings)
        .map(([flag, value]) => `ETCD_${flag.toUpperCase().replaceAll('-', '_')}="${value}"\n`)
        .join(''),
    );
    writeFileSync(wrapper, `#!/bin/sh\nexec ${etcd} "$@"\n`, { mode: 0o755 });
    lines.push(`EnvironmentFile=${settingsFile}`, `ExecStart=${form === 'wrapper' ? wrapper : etcd}`);
  }
  const service = ['Type=notify', `User=${daemon.name}`, ...(plan.service ?? ['Restart=no']), ...lines];
  writeUnit(made.unit, [...(plan.head ?? []), '[Service]', ...service]);
  return { ...made, settingsFile };
}

/** Writes the file of a unit (its `[Unit]` is there already) and has systemd read it. */
export function writeUnit(unit: string, lines: readonly string[]): void {
  writeFileSync(`/etc/systemd/system/${unit}`, ['[Unit]', 'Description=of a test', ...lines, ''].join('\n'));
  systemctl('daemon-reload');
}

/** Stops a unit and takes away all that there is of it. */
export function removeUnit(unit: string): void {
  spawnSync('systemctl', ['kill', '--signal=SIGKILL', unit]);
  spawnSync('systemctl', ['stop', unit]);
  for (const folder of ['/etc/systemd/system', '/run/systemd/system']) {
    rmSync(`${folder}/${unit}`, { force: true });
    rmSync(`${folder}/${unit}.d`, { recursive: true, force: true });
  }
  spawnSync('systemctl', ['daemon-reload']);
}

/** What `systemctl` prints; throws with its words when it fails. */
export function systemctl(...args: string[]): string {
  return execFileSync('systemctl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** How `systemctl` ends, and what it says. */
export function trySystemctl(...args: string[]): { readonly status: number | null; readonly says: string } {
  const { status, stdout, stderr } = spawnSync('systemctl', args, { encoding: 'utf8' });
  return { status, says: stdout + stderr };
}

/** What etcdctl answers, parsed where it is JSON. */
export function etcdctl(line: EtcdLine, endpoint: string, ...args: string[]): string {
  const env = { ...process.env, ETCDCTL_API: '3' };
  const all = [`--endpoints=${endpoint}`, '--command-timeout=10s', ...args];
  return execFileSync(findBinaries(line).etcdctl, all, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits until something holds; throws after a minute with what was awaited. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (
    !(await Promise.resolve()
      .then(holds)
      .catch(() => false))
  ) {
    if (performance.now() > deadlineMs) throw new Error(`in vain waited until ${what}`);
    await sleep(100);
  }
}

/** The words with which the main process of a unit was started. */
export function commandLine(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
}
