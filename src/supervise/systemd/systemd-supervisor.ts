import { chmod, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError } from '../../cluster/agent-error.ts';
import type { ProcessState } from '../../cluster/own-member.ts';
import { beginSettings } from '../begin-settings.ts';
import { EndWatch, type ExplainEnd, type Glimpse, plainCause } from '../end-watch.ts';
import type { StartPlan, Supervisor } from '../supervisor.ts';
import { writeConfigCopy } from './config-copy.ts';
import { DropIns, writeOpen } from './drop-ins.ts';
import { overrideOf, startFormOf, type UnitText } from './override.ts';
import { notBegun, notStarted } from './start-faults.ts';
import { type Systemctl, systemctlCalls } from './systemctl.ts';
import { parseUnitState, phaseOf, shownProperties, type UnitState } from './unit-state.ts';

/** What the supervisor of a unit is given. */
export interface SystemdSupervisorOptions {
  /** Such as `etcd.service`. */
  readonly unit: string;
  /** What the unit gives etcd as `--config-file`, where that cannot be read from the unit. */
  readonly configFile?: string;
  /** How long etcd may take to end before it is killed. */
  readonly stopGraceMs: number;
  /** Reads from etcd's last lines in the journal why it has ended. Left out: only from how it has ended. */
  readonly explainEnd?: ExplainEnd;
  /** How often it is looked whether etcd still runs; 1 s. */
  readonly pollMs?: number;
  /** How long systemd may take to begin a start: its job may be queued behind what the unit needs; 5 min. */
  readonly startWithinMs?: number;
  /** Where the programs and folders of systemd are, when not in their usual places. */
  readonly places?: Partial<SystemdPlaces>;
}

/** The programs and folders of systemd that are used. */
export interface SystemdPlaces {
  readonly systemctl: string;
  readonly journalctl: string;
  readonly runtimeUnits: string;
  readonly lastingUnits: string;
  /** For the agent's own files, gone with the next reboot. */
  readonly runDir: string;
}

const usualPlaces: SystemdPlaces = {
  systemctl: 'systemctl',
  journalctl: 'journalctl',
  runtimeUnits: '/run/systemd/system',
  lastingUnits: '/etc/systemd/system',
  runDir: '/run/etcd-caretaker',
};

const START_WITHIN_MS = 300_000;

/** Between two looks while something is awaited. */
const waitStepMs = 100;

/**
 * Starts and stops etcd as a unit of systemd, 235 or newer. The unit's own files and etcd's configuration file are never changed:
 * what has to be different stands in drop-ins (docs/supervise-systemd.md says which). A unit that systemd restarts by itself is
 * left to it: an end is told when the next run is there, or when systemd has given up.
 */
export function systemdSupervisor(options: SystemdSupervisorOptions): Supervisor {
  return new SystemdSupervisor(options);
}

class SystemdSupervisor implements Supervisor {
  readonly kind = 'systemd';
  readonly #options: SystemdSupervisorOptions;
  readonly #places: SystemdPlaces;
  readonly #systemctl: Systemctl;
  readonly #dropIns: DropIns;
  readonly #watch: EndWatch;
  /** Where what the drop-ins refer to is: gone with the next reboot, as they are. */
  readonly #runFolder: string;
  #startedRun: string | undefined;
  #explained: { readonly invocation: string; readonly why: ReturnType<ExplainEnd> } | undefined;

  constructor(options: SystemdSupervisorOptions) {
    this.#options = options;
    this.#places = { ...usualPlaces, ...options.places };
    this.#runFolder = join(this.#places.runDir, options.unit);
    const { runtimeUnits: runtime, lastingUnits: lasting } = this.#places;
    this.#systemctl = systemctlCalls({ unit: options.unit, ...this.#places });
    this.#dropIns = new DropIns({ runtime, lasting }, options.unit);
    this.#watch = new EndWatch({
      look: async (signal) => glimpseOf(await this.#show(signal)),
      explain: (how, run, signal) => this.#explain(how, run, signal),
      intervalMs: options.pollMs ?? 1000,
    });
  }

  async look(signal: AbortSignal): Promise<ProcessState> {
    try {
      const unit = await this.#show(signal);
      if (unit.loadState === 'not-found') {
        return { state: 'unknown', reason: `systemd does not know the unit ${this.#options.unit}` };
      }
      if (phaseOf(unit) === 'running') {
        const pid = unit.mainPid === undefined ? {} : { pid: unit.mainPid };
        return { state: 'running', ...pid, adopted: runOf(unit) !== this.#startedRun };
      }
      if (unit.end === undefined) return { state: 'stopped' };
      const why = await this.#explain(unit.end.how, `${unit.invocationId}/${unit.lastMainPid ?? ''}`, signal);
      return { state: 'stopped', end: { ...unit.end, ...why } };
    } catch (error) {
      signal.throwIfAborted();
      return { state: 'unknown', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async start(plan: StartPlan, signal: AbortSignal): Promise<void> {
    const before = await this.#loaded(signal);
    if (phaseOf(before) === 'running' && before.activeState !== 'deactivating') {
      if (await this.#dropIns.release()) await this.#systemctl.call(['daemon-reload'], signal);
      this.#watch.begun(runOf(before));
      return;
    }
    const { unit } = this.#options;
    // First the settings, then the release: whoever starts the unit in between starts it with them.
    await this.#dropIns.override(await this.#override(before, plan));
    await this.#dropIns.release();
    await this.#systemctl.call(['daemon-reload'], signal);
    // Failures of the past must not count against this start; a unit that has none is not there to be reset.
    await this.#systemctl.call(['reset-failed', unit], signal).catch(() => signal.throwIfAborted());
    // A unit of Type=notify counts as started only once etcd has a quorum: that is not waited for.
    await this.#systemctl.call(['start', '--no-block', unit], signal);
    const begun = await this.#begun(before, signal);
    this.#startedRun = runOf(begun);
    this.#watch.begun(this.#startedRun);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#loaded(signal);
    const { unit, stopGraceMs } = this.#options;
    await this.#dropIns.hold(unit);
    await this.#systemctl.call(['daemon-reload'], signal);
    this.#watch.expectEnd();
    if (!hasEnded(await this.#show(signal))) {
      await this.#systemctl.call(['stop', '--no-block', unit], signal);
      let killAtMs = performance.now() + stopGraceMs;
      while (!hasEnded(await this.#show(signal))) {
        if (performance.now() >= killAtMs) {
          await this.#systemctl.call(['kill', '--signal=SIGKILL', unit], signal).catch(() => signal.throwIfAborted());
          killAtMs += stopGraceMs;
        }
        await sleep(waitStepMs, undefined, { signal });
      }
    }
  }

  onEnd(listener: Parameters<Supervisor['onEnd']>[0]): () => void {
    return this.#watch.onEnd(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  async #show(signal: AbortSignal): Promise<UnitState> {
    const properties = shownProperties.join(',');
    return parseUnitState(await this.#systemctl.call(['show', `--property=${properties}`, this.#options.unit], signal));
  }

  /** The unit, which systemd has read without complaint. */
  async #loaded(signal: AbortSignal): Promise<UnitState> {
    const state = await this.#show(signal);
    const { unit } = this.#options;
    const say = (code: string, what: string, remedy: string) => new AgentError(code, `${unit} ${what}`, { remedy });
    switch (state.loadState) {
      case 'loaded':
        return state;
      case 'not-found':
        throw say('SUPERVISE_UNIT_UNKNOWN', 'is not there', "set supervise.systemd.unit to the name of etcd's unit");
      case 'masked':
        throw say('SUPERVISE_UNIT_MASKED', 'is masked by somebody', `systemctl unmask ${unit}, if etcd is to run here`);
      default:
        throw say(
          'SUPERVISE_UNIT_BAD',
          `could not be read by systemd: ${state.loadState}`,
          `systemd-analyze verify ${unit}`,
        );
    }
  }

  /** The text of the drop-in for a start; writes the files that it refers to. */
  async #override(state: UnitState, plan: StartPlan): Promise<string> {
    const { configFile } = this.#options;
    const text = await this.#unitText(state);
    const form = startFormOf(text, configFile);
    const settings = beginSettings(plan);
    const folder = this.#runFolder;
    const [environmentFile, configCopy] = [join(folder, 'etcd.env'), join(folder, 'etcd.conf.yml')];
    const { dropIn, environment } = overrideOf({ form, text, settings, environmentFile, configCopy });
    await mkdir(folder, { recursive: true });
    // Whatever the umask is: etcd is another user, and reads these.
    await chmod(folder, 0o711);
    if (form.form !== 'flags' && form.configFile !== undefined) {
      await writeConfigCopy(form.configFile, configCopy, settings);
    }
    if (environment !== undefined) await writeOpen(environmentFile, environment);
    return dropIn;
  }

  async #unitText(state: UnitState): Promise<UnitText> {
    const { unit } = this.#options;
    const paths = [state.fragmentPath, ...state.dropInPaths.filter((path) => !this.#dropIns.own(path))];
    const files = await Promise.all(paths.filter((path) => path !== undefined).map((path) => readFile(path, 'utf8')));
    // One that is not there is none, as to systemd where its path has a dash before it.
    const theirs = state.environmentFiles.filter((path) => dirname(path) !== this.#runFolder);
    const others = await Promise.all(theirs.map((path) => readFile(path, 'utf8').catch(() => '')));
    return { unit, files, environment: [state.environment, ...others] };
  }

  /** Waits until the unit has a run that it did not have before; it may have ended again. */
  async #begun(before: UnitState, signal: AbortSignal): Promise<UnitState> {
    const { startWithinMs = START_WITHIN_MS } = this.#options;
    const askedAtMs = performance.now();
    for (;;) {
      const now = await this.#show(signal);
      if (now.startedAt !== before.startedAt) return now;
      if (phaseOf(now) === 'stopped' && !now.jobQueued) throw notStarted(this.#options.unit, now);
      if (performance.now() - askedAtMs >= startWithinMs) throw notBegun(this.#options.unit, startWithinMs);
      await sleep(waitStepMs, undefined, { signal });
    }
  }

  async #explain(how: string, run: string, signal: AbortSignal): Promise<ReturnType<ExplainEnd>> {
    const explain = this.#options.explainEnd;
    if (explain === undefined) return plainCause(how);
    const [invocation = '', pid = ''] = run.split('/');
    // An etcd that stays stopped is looked at again and again, and a large journal is slow to read.
    if (this.#explained?.invocation === invocation) return this.#explained.why;
    const ended = { invocationId: invocation, pid: pid === '' ? undefined : Number(pid) };
    const logTail = await this.#systemctl.journalTail(ended, signal);
    const why = explain(how, logTail);
    if (logTail !== '') this.#explained = { invocation, why };
    return why;
  }
}

/** Systemd gives each run an id of its own; the pid is there for those whose main process is replaced. */
function runOf(unit: UnitState): string {
  return `${unit.invocationId}/${unit.mainPid ?? ''}`;
}

function hasEnded(unit: UnitState): boolean {
  return phaseOf(unit) === 'stopped' && !unit.jobQueued;
}

function glimpseOf(unit: UnitState): Glimpse {
  // Systemd forgets how a unit has ended that has not failed: with exit code 0, or by the signal with which it stops units.
  const end = unit.end ?? { how: unit.activeState === 'failed' ? 'unknown' : 'SIGTERM' };
  switch (phaseOf(unit)) {
    case 'running':
      return { state: 'running', run: runOf(unit) };
    case 'restarting':
      return { state: 'between', ...end };
    case 'stopped':
      return { state: 'ended', ...end };
  }
}
