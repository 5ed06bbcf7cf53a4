import { constants } from 'node:os';

/** What `systemctl show` says of a service. */
export interface UnitState {
  /** `loaded`, `not-found`, `masked`, `bad-setting`, `error`. */
  readonly loadState: string;
  /** `active`, `inactive`, `activating`, `deactivating`, `failed`, `reloading`. */
  readonly activeState: string;
  readonly subState: string;
  /** `success`, or why the service has failed: `exit-code`, `signal`, `timeout`, `start-limit-hit`, … */
  readonly result: string;
  /** The pid of etcd; absent while it does not run. */
  readonly mainPid?: number;
  /** The pid of the newest run, also when that has ended. */
  readonly lastMainPid?: number;
  /** Names one run of the service. */
  readonly invocationId: string;
  /** How the newest run has ended, where it has. */
  readonly end?: { readonly how: string; readonly atMs: number };
  /** When the newest run began, on systemd's monotonic clock in µs: `0` before the first one. */
  readonly startedAt: string;
  /** Systemd is about to start or stop it. */
  readonly jobQueued: boolean;
  /** A condition of the unit kept it from being started at the newest try. */
  readonly refused: boolean;
  readonly fragmentPath?: string;
  readonly dropInPaths: readonly string[];
  readonly environment: string;
  readonly environmentFiles: readonly string[];
}

/** The properties that are asked for. */
export const shownProperties = [
  'LoadState',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'ExecMainPID',
  'InvocationID',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainStartTimestampMonotonic',
  'ExecMainExitTimestamp',
  'Job',
  'ConditionResult',
  'AssertResult',
  'ConditionTimestampMonotonic',
  'AssertTimestampMonotonic',
  'FragmentPath',
  'DropInPaths',
  'Environment',
  'EnvironmentFiles',
] as const;

/** Reads `Name=value` lines; a property may be there several times, or not at all in older versions. */
export function parseUnitState(text: string): UnitState {
  const all = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) all.set(line.slice(0, at), [...(all.get(line.slice(0, at)) ?? []), line.slice(at + 1)]);
  }
  const one = (name: (typeof shownProperties)[number]): string => all.get(name)?.at(-1) ?? '';
  const [mainPid, lastMainPid] = [Number(one('MainPID')), Number(one('ExecMainPID'))];
  const end = endOf(one('ExecMainCode'), one('ExecMainStatus'), one('ExecMainExitTimestamp'));
  const asked = (name: 'ConditionTimestampMonotonic' | 'AssertTimestampMonotonic') => Number(one(name)) > 0;
  return {
    loadState: one('LoadState'),
    activeState: one('ActiveState'),
    subState: one('SubState'),
    result: one('Result'),
    ...(mainPid > 0 ? { mainPid } : {}),
    ...(lastMainPid > 0 ? { lastMainPid } : {}),
    invocationId: one('InvocationID'),
    ...(end === undefined ? {} : { end }),
    startedAt: one('ExecMainStartTimestampMonotonic') || '0',
    jobQueued: Number(one('Job')) > 0,
    refused:
      (one('ConditionResult') === 'no' && asked('ConditionTimestampMonotonic')) ||
      (one('AssertResult') === 'no' && asked('AssertTimestampMonotonic')),
    ...(one('FragmentPath') === '' ? {} : { fragmentPath: one('FragmentPath') }),
    dropInPaths: one('DropInPaths').split(' ').filter(Boolean),
    environment: (all.get('Environment') ?? []).join('\n'),
    environmentFiles: (all.get('EnvironmentFiles') ?? []).map((file) => file.replace(/ \(ignore_errors=\w+\)$/, '')),
  };
}

/** Whether etcd runs, ended and stays so, or has ended and is about to be started again by systemd. */
export function phaseOf(unit: UnitState): 'running' | 'restarting' | 'stopped' {
  if (unit.mainPid !== undefined) return 'running';
  if (unit.subState === 'auto-restart' || unit.subState === 'auto-restart-queued') return 'restarting';
  // Without a main process: a unit that forks before systemd knows the pid, and the moments before and after a run.
  if (['active', 'reloading'].includes(unit.activeState) && unit.subState === 'running') return 'running';
  if (['activating', 'deactivating'].includes(unit.activeState)) return 'restarting';
  return 'stopped';
}

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED of waitid(2), as systemd shows them. */
const EXITED = '1';
const KILLED: readonly string[] = ['2', '3'];

function endOf(code: string, status: string, exitedAt: string): UnitState['end'] {
  const atMs = timestampMs(exitedAt) ?? 0;
  if (code === EXITED) return { how: `exit code ${status}`, atMs };
  if (KILLED.includes(code)) return { how: signalName(Number(status)), atMs };
  return undefined;
}

function signalName(number: number): string {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `signal ${number}`;
}

/** `Mon 2026-11-30 08:16:27 UTC`: systemctl is called with UTC. */
function timestampMs(text: string): number | undefined {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/.exec(text) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
}
