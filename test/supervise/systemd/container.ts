import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const repository = join(import.meta.dirname, '..', '..', '..');
const bootTimeoutMs = 120_000;

/** A small Debian with systemd, made once and kept beside the other tools of the tests. Throws where debootstrap is missing. */
export function systemdRoot(): string {
  const tools = realpathSync(join(repository, '.tools'));
  const root = join(tools, 'systemd-root');
  if (existsSync(root)) return root;
  // The set-up removes those of processes that are gone.
  const unfinished = join(tools, `.unpack-${process.pid}`);
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
  mkdirSync(unfinished, { recursive: true });
  try {
    const options = ['--variant=minbase', '--include=systemd,systemd-sysv,dbus', suite, unfinished];
    execFileSync('debootstrap', options, { stdio: ['ignore', 'ignore', 'inherit'] });
    renameSync(unfinished, root);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return root;
}

/** A booted container. Its root is thrown away when it ends; this repository is there under its own path. */
export class SystemdContainer implements AsyncDisposable {
  readonly #nspawn: ChildProcess;
  readonly #folder: string;
  readonly #leader: string;

  private constructor(nspawn: ChildProcess, folder: string, leader: string) {
    this.#nspawn = nspawn;
    this.#folder = folder;
    this.#leader = leader;
  }

  /** Boots one; back when systemd has reached its default target. */
  static async boot(root: string): Promise<SystemdContainer> {
    const folder = mkdtempSync(join(tmpdir(), 'caretaker-systemd-'));
    const binds = [repository, join(repository, 'node_modules'), join(repository, '.tools')].map((path) =>
      realpathSync(path),
    );
    const nspawn = spawn(
      'systemd-nspawn',
      [
        ...['-D', root, '-b', '--register=no', '--keep-unit', '--volatile=overlay', '--quiet'],
        ...[
          `--machine=caretaker-${process.pid}`,
          '--console=passive',
          ...new Set(binds.map((path) => `--bind=${path}`)),
        ],
      ],
      { stdio: 'ignore' },
    );
    const deadlineMs = performance.now() + bootTimeoutMs;
    while (performance.now() < deadlineMs && nspawn.exitCode === null) {
      const leader = spawnSync('pgrep', ['-P', String(nspawn.pid)], { encoding: 'utf8' })
        .stdout.trim()
        .split('\n')[0];
      if (leader) {
        const container = new SystemdContainer(nspawn, folder, leader);
        const state = container.run(['systemctl', 'is-system-running'], 'pipe').stdout.trim();
        if (state === 'running' || state === 'degraded') return container;
      }
      await sleep(200);
    }
    nspawn.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw new Error('the container did not boot');
  }

  /** Runs a program inside, in all its namespaces. */
  run(
    command: readonly string[],
    stdio: 'inherit' | 'pipe',
  ): { readonly status: number | null; readonly stdout: string } {
    const inside = ['-t', this.#leader, '-m', '-u', '-i', '-n', '-p', '-C', '--', 'env', '-C', repository, ...command];
    return spawnSync('nsenter', inside, { stdio, encoding: 'utf8' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.run(['systemctl', 'poweroff', '--no-block', '--force'], 'pipe');
    const deadlineMs = performance.now() + 20_000;
    while (this.#nspawn.exitCode === null && this.#nspawn.signalCode === null) {
      if (performance.now() > deadlineMs) this.#nspawn.kill('SIGKILL');
      await sleep(100);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
