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
  .meta({
    description:
      'With `kind: child` and `kind: statefulset`: the agent starts etcd itself. With `child` it goes on running when the agent ends.',
  });

const versionsSection = z
  .strictObject({
    folder: path(
      'Folder with a folder for each version of etcd, `3.5.30/etcd` or `etcd-3.5.30/etcd`: what `run upgrade` may go to.',
    ).exactOptional(),
    link: path(
      'The symbolic link through which etcd is started: an upgrade points it at another version. Left out: `supervise.child.etcd`.',
    ).exactOptional(),
  })
  .meta({
    description:
      'With `kind: child` and `kind: systemd`: where an upgrade finds other versions of etcd. See docs/upgrades.md.',
  });

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

const dnsName = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const dnsAllowed = 'a name as Kubernetes has them: small letters, digits, "-" and "."';

const statefulSetSection = z
  .strictObject({
    namespace: text(
      "The pod's namespace. Left out: `POD_NAMESPACE`, else as the pod's service account says.",
      dnsAllowed,
      dnsName,
    ).exactOptional(),
    name: text("The StatefulSet. Left out: as the pod's name says.", dnsAllowed, dnsName).exactOptional(),
    pod: text(
      "The agent's own pod, which is also what `member.name` says. Left out: `POD_NAME`, else the host's name.",
      dnsAllowed,
      dnsName,
    ).exactOptional(),
    kubeconfig: path("How the Kubernetes API is reached. Left out: as the pod's service account.").exactOptional(),
  })
  .meta({
    description:
      'With `kind: statefulset`: the agent starts etcd in its pod as `child` says, and follows the StatefulSet: see docs/supervise-statefulset.md.',
  });

/** How the member's process is started and stopped. */
export const superviseSection = z
  .strictObject({
    kind: choice('How the process of etcd is started and stopped. `none`: it is only watched, and nothing is healed.', [
      'none',
      'child',
      'systemd',
      'static-pod',
      'statefulset',
    ]).prefault('none'),
    stateDir: path(
      'What the agent has to remember of its member over restarts: who it is, the last member list. Left out: `.caretaker` behind the name of `member.dataDir`.',
    ).exactOptional(),
    stopGrace: duration('How long etcd may take to end before it is killed.', 100, 10 * 60_000).prefault('10s'),
    versions: versionsSection.prefault({}),
    child: childSection.prefault({}),
    systemd: systemdSection.prefault({}),
    staticPod: staticPodSection.prefault({}),
    statefulset: statefulSetSection.prefault({}),
  })
  .meta({ description: "How the member's process is started and stopped: see docs/healing.md." })
  .transform(({ stopGrace, ...rest }) => ({ ...rest, stopGraceMs: stopGrace }));
