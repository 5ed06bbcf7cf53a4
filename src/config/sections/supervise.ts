import * as z from 'zod';
import { choice, duration, leaf, path, text } from '../leaves.ts';

const flags = z.array(z.string().regex(/^--[a-z0-9][a-z0-9-]*(=.*)?$/, 'it is not --flag or --flag=value'));

const childSection = z
  .strictObject({
    etcd: path('The etcd program. Left out: `etcd` in `ETCD_BIN` or on `PATH`.').exactOptional(),
    args: leaf(
      flags,
      "Further flags of etcd, each `--flag=value`. The agent adds those of `member` and `cluster` that are not there; those that begin or discover a cluster are the agent's own and refused.",
      'a list of texts, each --flag or --flag=value',
      { form: 'list', separator: ';', wrongType: 'it is not a list of texts' },
    ).prefault([]),
    logFile: path('Where the output of etcd goes. Left out: `etcd.log` in `supervise.stateDir`.').exactOptional(),
  })
  .meta({ description: 'With `kind: child`: the agent starts etcd itself. It goes on running when the agent ends.' });

const systemdSection = z
  .strictObject({
    unit: text(
      'The unit of etcd.',
      'the name of a unit, such as etcd.service',
      /^[A-Za-z0-9:_.@-]+\.service$/,
    ).prefault('etcd.service'),
    configFile: path(
      'The file that the unit gives etcd as `--config-file`, where that cannot be read from the unit: etcd looks at nothing else then, and is started with a changed copy.',
    ).exactOptional(),
  })
  .meta({ description: 'With `kind: systemd`.' });

const staticPodSection = z
  .strictObject({
    manifest: path("The manifest of etcd in the kubelet's folder.").prefault('/etc/kubernetes/manifests/etcd.yaml'),
  })
  .meta({ description: 'With `kind: static-pod`: the manifest is taken out of the folder and put back.' });

/** How the member's process is started and stopped. */
export const superviseSection = z
  .strictObject({
    kind: choice('How the process of etcd is started and stopped. `none`: it is only watched, and nothing is healed.', [
      'none',
      'child',
      'systemd',
      'static-pod',
    ]).prefault('none'),
    stateDir: path(
      'What the agent has to remember of its member over restarts: who it is, the last member list. Left out: `.caretaker` behind the name of `member.dataDir`.',
    ).exactOptional(),
    stopGrace: duration('How long etcd may take to end before it is killed.', 100, 10 * 60_000).prefault('10s'),
    child: childSection.prefault({}),
    systemd: systemdSection.prefault({}),
    staticPod: staticPodSection.prefault({}),
  })
  .meta({ description: "How the member's process is started and stopped: see docs/healing.md." })
  .transform(({ stopGrace, ...rest }) => ({ ...rest, stopGraceMs: stopGrace }));
