import { readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AgentError, faultOf } from '../cluster/agent-error.ts';
import { refusedFlags, versionOfProgram } from './etcd-program.ts';
import { syncFolder } from './replace-file.ts';

/** Where other versions of etcd are, and which one is started. */
export interface EtcdVersionsOptions {
  /** Of the member, for errors. */
  readonly member: string;
  /** `supervise.versions.folder`; without it no other version is known. */
  readonly folder?: string;
  /** `supervise.versions.link`: what etcd is started through. */
  readonly link?: string;
  /** The agent's own; the programs get it without what would steer them. */
  readonly env: NodeJS.ProcessEnv;
}

/** The versions of etcd on this machine, and the symbolic link that says which of them is started next. */
export class EtcdVersions {
  readonly #options: EtcdVersionsOptions;

  constructor(options: EtcdVersionsOptions) {
    this.#options = options;
  }

  /**
   * The program of a version, which has said that it is that version and takes these flags.
   * Throws `VERSIONS_NOT_CONFIGURED`, `VERSION_MISSING`, `VERSION_OTHER`, `FLAG_REMOVED`.
   * @param flags as the running etcd has them
   */
  async programOf(version: string, flags: readonly string[], signal: AbortSignal): Promise<string> {
    const { folder } = this.#options;
    if (folder === undefined)
      throw this.#unfit(
        'VERSIONS_NOT_CONFIGURED',
        'supervise.versions.folder is not set',
        'Set it: see docs/upgrades.md.',
      );
    const places = [version, `etcd-${version}`, `v${version}`].map((name) => join(folder, name, 'etcd'));
    const program = await firstFile(places);
    if (program === undefined) {
      throw this.#unfit(
        'VERSION_MISSING',
        `there is no etcd ${version} here: neither ${places.join(' nor ')}`,
        'Install it there.',
      );
    }
    const found = await versionOfProgram(program, this.#options.env, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw this.#unfit('VERSION_MISSING', `${program} does not run: ${faultOf(error).message}`, 'Install it anew.');
    });
    if (found !== version) {
      throw this.#unfit('VERSION_OTHER', `${program} is etcd ${found}`, `Put etcd ${version} there.`);
    }
    await this.#tryFlags(program, version, flags, signal);
    return program;
  }

  /**
   * Where the link points now, as an absolute path; what is started is found through it.
   * Throws `VERSIONS_NOT_CONFIGURED`, `VERSION_NO_LINK`.
   */
  async current(): Promise<string> {
    const link = this.#link();
    const target = await readlink(link).catch((cause: unknown) => {
      const code = faultOf(cause).code;
      throw this.#unfit(
        'VERSION_NO_LINK',
        `${link} is no symbolic link that can be read (${code})`,
        'Make it one that points at the etcd that runs, and start etcd through it: see docs/upgrades.md.',
      );
    });
    return resolve(dirname(link), target);
  }

  /** Throws as `current` and `pointAt` where the link could not be changed; changes nothing. */
  async tryLink(): Promise<void> {
    const now = await this.current();
    const aside = `${this.#link()}.try-${process.pid}`;
    await this.#changing(async () => {
      await rm(aside, { force: true });
      await symlink(now, aside);
      await rm(aside);
    }, aside);
  }

  /**
   * Writes down, as a link beside the link, what etcd was started as before it is brought to a version, and gives it: what was written down for that version
   * before, where the link has been changed already. Undefined where nobody knows. Throws as `current` and `pointAt`.
   */
  async rememberBefore(version: string, program: string): Promise<string | undefined> {
    const now = await this.current();
    const kept = this.#before(version);
    if (now === program) return await readlink(kept).catch(() => undefined);
    const aside = `${kept}.next-${process.pid}`;
    await this.#changing(() => replaceLink(kept, aside, now), aside);
    return now;
  }

  /** It serves, or the one before does again. */
  async forgetBefore(version: string): Promise<void> {
    await rm(this.#before(version), { force: true }).catch(() => undefined);
  }

  #before(version: string): string {
    return `${this.#link()}.before-${version}`;
  }

  /** Has the link point at another program, in one go: whoever starts etcd meanwhile starts the one or the other. Throws as `current`, `VERSION_LINK_FAILED`. */
  async pointAt(program: string): Promise<void> {
    const link = this.#link();
    const aside = `${link}.next-${process.pid}`;
    await this.#changing(() => replaceLink(link, aside, program), aside);
  }

  async #changing(change: () => Promise<void>, aside: string): Promise<void> {
    try {
      await change();
    } catch (cause) {
      await rm(aside, { force: true }).catch(() => undefined);
      throw this.#unfit(
        'VERSION_LINK_FAILED',
        `${this.#link()} cannot be changed: ${faultOf(cause).message}`,
        'Give the agent the right to write its folder.',
      );
    }
  }

  #link(): string {
    const { link } = this.#options;
    if (link !== undefined) return link;
    throw this.#unfit(
      'VERSIONS_NOT_CONFIGURED',
      'neither supervise.versions.link nor supervise.child.etcd is set',
      'Set it: see docs/upgrades.md.',
    );
  }

  async #tryFlags(program: string, version: string, flags: readonly string[], signal: AbortSignal): Promise<void> {
    const line = await refusedFlags(program, flags, this.#options.env, signal);
    if (line === undefined) return;
    throw this.#unfit(
      'FLAG_REMOVED',
      `etcd ${version} does not take the flags of the one that runs: ${line}`,
      'Take the flag out, restart the member, and upgrade then.',
    );
  }

  #unfit(code: string, what: string, remedy: string): AgentError {
    return new AgentError(code, `Etcd cannot be brought to another version: ${what}.`, {
      member: this.#options.member,
      remedy,
    });
  }
}

async function replaceLink(link: string, aside: string, target: string): Promise<void> {
  await rm(aside, { force: true });
  await symlink(target, aside);
  await rename(aside, link);
  await syncFolder(dirname(link));
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() === true) return path;
  }
  return undefined;
}
