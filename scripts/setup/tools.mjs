import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { PrivateApt } from './private-apt.mjs';
import { SetupError, say } from './report.mjs';

/**
 * What each use needs. `etcd` are lines of which an own copy is needed whatever PATH has; `anyEtcd` is content with
 * the one on PATH or in ETCD_BIN.
 */
const needs = {
  start: { anyEtcd: true },
  check: {},
  test: {
    etcd: ['3.4', '3.5'],
    unpacked: ['prometheus', 'prometheus-alertmanager'],
    installed: ['strace', 'openssl', 'zstd'],
  },
  helm: { built: ['helm'] },
  kubernetes: { etcd: ['3.4', '3.5'], installed: ['strace', 'openssl'], built: ['helm'], kubernetes: true },
  bench: { etcd: ['3.5'], unpacked: ['prometheus-node-exporter'] },
  ui: { etcd: ['3.5'], installed: ['openssl', 'zstd', 'chromium'] },
  screenshots: { anyEtcd: true, installed: ['chromium', 'pngquant'] },
};

/** Packages beside the one of a command's own name: a page without fonts is a page of boxes. */
const besides = { chromium: ['fonts-dejavu-core'] };

/** Programs that Go builds, with their versions: no distribution has them. */
const goPrograms = { helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0' };

/** Where the executables of a package other than etcd go, and which of them; `data` are files that they need. */
const unpackedPackages = {
  prometheus: { folder: 'prometheus', executables: ['prometheus', 'promtool'] },
  'prometheus-alertmanager': {
    folder: 'alertmanager',
    executables: ['prometheus-alertmanager', 'amtool'],
    data: ['default.tmpl', 'email.tmpl'].map((name) => `usr/share/prometheus/alertmanager/${name}`),
  },
  'prometheus-node-exporter': { folder: 'node-exporter', executables: ['prometheus-node-exporter'] },
};

/** Whether all of a package is there. */
const isUnpacked = (tools, name) => {
  const { folder, executables, data = [] } = unpackedPackages[name];
  return [...executables, ...data.map((file) => basename(file))].every((file) => existsSync(join(tools, folder, file)));
};

/** The uses that `--for` takes. */
export const uses = Object.keys(needs);

/** Brings the programs that a use needs into `tools`, as far as they are missing. */
export const bringTools = (tools, use) => {
  const { anyEtcd = false, etcd = [], unpacked = [], installed = [], built = [], kubernetes = false } = needs[use];
  const etcdLines = (anyEtcd && !findEtcd() ? ['3.5'] : etcd).filter((line) => !hasEtcd(tools, line));
  const packages = unpacked.filter((name) => !isUnpacked(tools, name));
  if (etcdLines.length + packages.length > 0) {
    mkdirSync(tools, { recursive: true });
    removeInterrupted(tools);
    download(tools, etcdLines, packages);
  }
  const missing = installed.filter((command) => !onPath(command));
  installMissing(missing.flatMap((command) => [command, ...(besides[command] ?? [])]));
  if (kubernetes) buildKubernetes(join(tools, '..', 'test', 'kubernetes', 'api-server'));
  for (const name of built) if (!existsSync(join(tools, name, name)) && !onPath(name)) build(tools, name);
};

/** Removes what a set-up that was interrupted has left. */
const removeInterrupted = (tools) => {
  for (const name of readdirSync(tools)) {
    const pid = /^\.(?:apt|unpack)-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) {
      rmSync(join(tools, name), { recursive: true, force: true });
    }
  }
};

const download = (tools, etcdLines, packages) => {
  const apt = new PrivateApt(join(tools, `.apt-${process.pid}`));
  try {
    if (!(onPath('apt-get') && onPath('dpkg'))) {
      throw new SetupError("this machine has no apt and dpkg to take the distribution's packages with");
    }
    apt.update();
    for (const line of etcdLines) {
      unpackEtcd(apt, tools, line);
    }
    for (const name of packages) {
      const { folder, executables, data } = unpackedPackages[name];
      // The oldest: it asks the least of this machine's libc.
      const version = apt.versions(name).at(-1);
      if (version === undefined) {
        throw new SetupError(`the distribution has no package ${name}. ${apt.complaints}`);
      }
      place(apt, tools, [[name, version]], executables, folder, data);
    }
  } catch (error) {
    throw error instanceof SetupError ? new SetupError(`${error.message}\n${byHand(etcdLines, packages)}`) : error;
  } finally {
    apt.remove();
  }
};

/** The newest version of the line whose executables run on this machine's libc. */
const unpackEtcd = (apt, tools, line) => {
  const versions = apt.versions('etcd-server').filter((version) => version.startsWith(`${line}.`));
  for (const version of versions) {
    const packages = [
      ['etcd-server', version],
      ['etcd-client', version],
    ];
    const executables = line === '3.4' ? ['etcd', 'etcdctl'] : ['etcd', 'etcdctl', 'etcdutl'];
    try {
      place(apt, tools, packages, executables, `etcd-${version.replace(/[-+~].*$/, '')}`);
      return;
    } catch (error) {
      say(`etcd ${version} is of no use here: ${error.message}`);
    }
  }
  throw new SetupError(`the distribution's suites have no etcd ${line} that runs here. ${apt.complaints}`);
};

/** Moves the executables of packages into their folder at once, so that an interrupted set-up leaves no half of it. */
const place = (apt, tools, packages, executables, folder, data = []) => {
  const work = join(tools, `.unpack-${process.pid}`);
  try {
    const ready = join(work, 'ready');
    mkdirSync(ready, { recursive: true });
    for (const [name, version] of packages) {
      apt.unpack(name, version, join(work, 'root'));
    }
    for (const name of executables) {
      renameSync(join(work, 'root', 'usr', 'bin', name), join(ready, name));
      chmodSync(join(ready, name), 0o755);
    }
    for (const file of data) {
      renameSync(join(work, 'root', file), join(ready, basename(file)));
    }
    const [first] = executables;
    const trial = spawnSync(join(ready, first), ['--version'], { encoding: 'utf8' });
    if (trial.status !== 0) {
      throw new SetupError(`${first} does not start: ${trial.error?.message ?? trial.stderr.trim()}`);
    }
    rmSync(join(tools, folder), { recursive: true, force: true });
    renameSync(ready, join(tools, folder));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const installMissing = (packages) => {
  if (packages.length === 0) {
    return;
  }
  const byHandLine = `apt-get update && apt-get install -y ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) {
    throw new SetupError(`${packages.join(' and ')} must be installed for the tests: ${byHandLine}`);
  }
  say(`installing ${packages.join(', ')}`);
  const apt = (...args) => spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 2, 2] }).status === 0;
  apt('update');
  if (!apt('install', '-y', '--no-install-recommends', ...packages)) {
    throw new SetupError(`could not install ${packages.join(', ')}; try: ${byHandLine}`);
  }
};

const build = (tools, name) => {
  const byHandLine = `go install ${goPrograms[name]}, and put it on PATH`;
  if (!onPath('go')) throw new SetupError(`${name} is not on PATH, and there is no Go to build it with: ${byHandLine}`);
  say(`building ${goPrograms[name]}, which takes some minutes`);
  const env = { ...process.env, GOBIN: join(tools, name) };
  if (spawnSync('go', ['install', goPrograms[name]], { env, stdio: ['ignore', 2, 2] }).status !== 0) {
    throw new SetupError(`${name} could not be built; try: ${byHandLine}`);
  }
};

/** Where they stay, outside of the checkout: building takes minutes. */
const kubernetesFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'etcd-caretaker', 'kubernetes');

/** A real kube-apiserver and kube-controller-manager, of the version that the module in this folder names. */
const buildKubernetes = (module) => {
  if (!onPath('kubectl'))
    throw new SetupError('kubectl must be installed for these tests: apt-get install -y kubernetes-client');
  const programs = ['kube-apiserver', 'kube-controller-manager'];
  const version = /k8s\.io\/kubernetes (v\S+)/.exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1];
  const mark = join(kubernetesFolder, `built-${version}`);
  if (existsSync(mark) && programs.every((name) => existsSync(join(kubernetesFolder, name)))) return;
  if (!onPath('go')) throw new SetupError('there is no Go to build Kubernetes with, which these tests need');
  say(`building Kubernetes ${version}, which takes ten minutes`);
  mkdirSync(kubernetesFolder, { recursive: true });
  const packages = programs.map((name) => `k8s.io/kubernetes/cmd/${name}`);
  const args = ['build', '-o', `${kubernetesFolder}/`, ...packages];
  if (spawnSync('go', args, { cwd: module, stdio: ['ignore', 2, 2] }).status !== 0) {
    throw new SetupError(`Kubernetes could not be built; try: cd ${module} && go ${args.join(' ')}`);
  }
  writeFileSync(mark, '');
};

const byHand = (etcdLines, packages) =>
  [
    'What to do:',
    ...etcdLines.map(
      (line) =>
        `  - unpack etcd ${line} (etcd, etcdctl${line === '3.4' ? '' : ', etcdutl'}) into .tools/etcd-${line}.<patch>/, ` +
        `or set ETCD_BIN_${line.replace('.', '_')} to the folder that has them (for npm start, ETCD_BIN is enough)`,
    ),
    ...packages.map((name) => {
      const { folder, executables } = unpackedPackages[name];
      return `  - put ${executables.join(' and ')} into .tools/${folder}/`;
    }),
  ].join('\n');

const findEtcd = () => {
  const folder = process.env.ETCD_BIN;
  return folder ? existsSync(join(folder, 'etcd')) : onPath('etcd');
};

const hasEtcd = (tools, line) => {
  const folder = process.env[`ETCD_BIN_${line.replace('.', '_')}`];
  const unpacked = existsSync(tools) && readdirSync(tools).some((name) => name.startsWith(`etcd-${line}.`));
  return folder ? existsSync(join(folder, 'etcd')) : unpacked;
};

const onPath = (command) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, command)));
