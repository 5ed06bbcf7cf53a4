import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Supervisor } from '../../../src/supervise/supervisor.ts';
import { type SystemdSupervisorOptions, systemdSupervisor } from '../../../src/supervise/systemd/systemd-supervisor.ts';

/** A stand-in for systemctl that says what a test lets it say: no systemd, and no etcd. */
export interface ScriptedSystemctl extends Disposable {
  readonly folder: string;
  /** The words of all calls so far but `show`, in order. */
  calls(): readonly string[];
  /** What `show` prints from now on, until the unit is started or stopped. */
  shows(properties: Readonly<Record<string, string>>): void;
  /** What `show` prints once `start` or `stop` was called. */
  showsAfter(verb: 'start' | 'stop' | 'kill', properties: Readonly<Record<string, string>>): void;
  /** The call fails with this on stderr. */
  fails(verb: string, stderr: string): void;
  supervisor(options?: Partial<SystemdSupervisorOptions>): Supervisor;
}

/** Makes one, for a unit `etcd.service` with this text. */
export function scriptedSystemctl(unitText: string): ScriptedSystemctl {
  const folder = mkdtempSync(join(tmpdir(), 'caretaker-systemctl-'));
  const at = (name: string) => join(folder, name);
  const script = `#!/bin/sh
for word in "$@"; do case "$word" in -*) ;; *) verb=$word; break;; esac; done
if [ -f "${folder}/fails-$verb" ]; then cat "${folder}/fails-$verb" >&2; exit 1; fi
if [ "$verb" = show ]; then cat "${folder}/shown"; exit 0; fi
echo "$*" >> "${folder}/calls"
if [ -f "${folder}/after-$verb" ]; then cp "${folder}/after-$verb" "${folder}/shown"; fi
`;
  writeFileSync(at('systemctl'), script);
  chmodSync(at('systemctl'), 0o755);
  writeFileSync(at('calls'), '');
  writeFileSync(at('etcd.service'), unitText);
  const text = (properties: Readonly<Record<string, string>>) =>
    Object.entries({ LoadState: 'loaded', FragmentPath: at('etcd.service'), ...properties })
      .map(([name, value]) => `${name}=${value}\n`)
      .join('');
  const places = {
    systemctl: at('systemctl'),
    journalctl: at('no-journalctl'),
    runtimeUnits: at('run'),
    lastingUnits: at('lasting'),
    runDir: at('own'),
  };
  return {
    folder,
    calls: () => readFileSync(at('calls'), 'utf8').split('\n').filter(Boolean),
    shows: (properties) => writeFileSync(at('shown'), text(properties)),
    showsAfter: (verb, properties) => writeFileSync(at(`after-${verb}`), text(properties)),
    fails: (verb, stderr) => writeFileSync(at(`fails-${verb}`), stderr),
    supervisor: (options) =>
      systemdSupervisor({ unit: 'etcd.service', stopGraceMs: 60_000, pollMs: 20, places, ...options }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
