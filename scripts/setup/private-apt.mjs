import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, say } from './report.mjs';

// Debian's suites by role, so that no release's name has to be kept up to date here. The older ones have etcd 3.4,
// the newer ones 3.5.
const suites = ['oldstable', 'stable', 'testing', 'unstable'];

/**
 * An apt of our own beside the machine's: its lists and cache are in `folder`, its sources are the machine's own with
 * the suite's name replaced, and it only ever downloads. It needs no root and changes nothing on the machine.
 */
export class PrivateApt {
  #folder;
  #options;

  constructor(folder) {
    this.#folder = folder;
    this.#options = Object.entries({
      'Dir::Etc::SourceList': '/dev/null',
      'Dir::Etc::SourceParts': join(folder, 'sources'),
      'Dir::State::Lists': join(folder, 'lists'),
      'Dir::Cache': join(folder, 'cache'),
      'Dir::Cache::pkgcache': 'pkgcache.bin',
      'Dir::Cache::srcpkgcache': '',
      'APT::Sandbox::User': 'root',
      'APT::Update::Post-Invoke-Success::': '',
      'Acquire::Languages': 'none',
      'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
      'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
      'Acquire::Retries': '2',
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** Reads the package lists of all suites. Suites that the machine's mirror does not have are left out. */
  update() {
    const stanzas = derivedSources();
    if (stanzas.length === 0) {
      throw new SetupError(
        'found no Debian "main" archive in /etc/apt/sources.list or /etc/apt/sources.list.d to take etcd from',
      );
    }
    for (const name of ['sources', 'lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(this.#folder, name), { recursive: true });
    }
    writeFileSync(join(this.#folder, 'sources', 'derived.sources'), stanzas.join('\n\n'));
    say("reading the distribution's package lists");
    this.#log = this.#run('apt-get', ['update', '-qq']).stderr;
  }

  #log = '';

  /** What apt said when it read the lists; empty if all went well. */
  get complaints() {
    return this.#log.trim();
  }

  /** All versions of a package in the suites, in the order of apt, newest first. */
  versions(name) {
    const rows = this.#run('apt-cache', ['madison', name]).stdout.split('\n');
    return [...new Set(rows.map((row) => row.split('|')[1]?.trim()).filter(Boolean))];
  }

  /** Downloads one package and unpacks it below `target`, without installing it. */
  unpack(name, version, target) {
    const work = join(this.#folder, 'packages');
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    mkdirSync(target, { recursive: true });
    say(`downloading ${name} ${version}`);
    const download = this.#run('apt-get', ['download', '-qq', `${name}=${version}`], work);
    const [file] = readdirSync(work).filter((entry) => entry.endsWith('.deb'));
    if (file === undefined) {
      throw new SetupError(`could not download ${name} ${version}: ${download.stderr.trim()}`);
    }
    const { status, stderr } = spawnSync('dpkg', ['-x', join(work, file), target], { encoding: 'utf8' });
    if (status !== 0) {
      throw new SetupError(`could not unpack ${name} ${version}: ${stderr.trim()}`);
    }
  }

  /** Removes the lists and everything downloaded. */
  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(command, args, cwd) {
    const result = spawnSync(command, [...this.#options, ...args], {
      cwd,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    });
    if (result.error) {
      throw new SetupError(`cannot run ${command}: ${result.error.message}`);
    }
    return result;
  }
}

const derivedSources = () => {
  const codename = /^VERSION_CODENAME=(\S+)/m.exec(readIfThere('/etc/os-release'))?.[1];
  const own = new Set([codename, ...suites, 'sid']);
  const folder = '/etc/apt/sources.list.d';
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  const stanzas = [
    ...files.filter((file) => file.endsWith('.sources')).flatMap((file) => fromStanzas(readIfThere(file), own)),
    ...['/etc/apt/sources.list', ...files.filter((file) => file.endsWith('.list'))].flatMap((file) =>
      fromLines(readIfThere(file), own),
    ),
  ];
  return [...new Set(stanzas)];
};

const readIfThere = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** The deb822 form: paragraphs of `Field: value`. */
const fromStanzas = (text, own) =>
  text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.split('\n').filter((line) => !line.startsWith('#')))
    .filter((lines) => {
      const words = (field) => fieldOf(lines, field).split(/\s+/);
      const enabled = fieldOf(lines, 'Enabled') !== 'no';
      return (
        enabled &&
        words('Types').includes('deb') &&
        words('Components').includes('main') &&
        words('Suites').some((suite) => own.has(suite))
      );
    })
    .map((lines) =>
      lines
        .filter((line) => line.trim() !== '' && !/^(Types|Suites|Components):/i.test(line))
        .concat('Types: deb', `Suites: ${suites.join(' ')}`, 'Components: main')
        .join('\n'),
    );

const fieldOf = (lines, field) =>
  lines
    .find((line) => line.toLowerCase().startsWith(`${field.toLowerCase()}:`))
    ?.slice(field.length + 1)
    .trim() ?? '';

/** The one-line form: `deb [option=value …] URI suite component …`. */
const fromLines = (text, own) =>
  text.split('\n').flatMap((line) => {
    const [, options = '', uri, suite, components] =
      /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (uri === undefined || !own.has(suite) || !components.split(/\s+/).includes('main')) {
      return [];
    }
    const signedBy = /signed-by=(\S+)/.exec(options)?.[1];
    return [
      [
        'Types: deb',
        `URIs: ${uri}`,
        `Suites: ${suites.join(' ')}`,
        'Components: main',
        ...(signedBy ? [`Signed-By: ${signedBy}`] : []),
      ].join('\n'),
    ];
  });
