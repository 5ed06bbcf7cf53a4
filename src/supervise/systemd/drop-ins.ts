import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { replaceFile } from '../replace-file.ts';

/** The folders of systemd's units in which the agent may leave something. */
export interface DropInFolders {
  /** `/run/systemd/system`: gone with the next reboot. */
  readonly runtime: string;
  /** `/etc/systemd/system`: outlasts it. */
  readonly lasting: string;
}

/** Behind those of everybody else by their names: of two settings the later one counts. */
const overrideName = 'zz-etcd-caretaker.conf';
const holdName = 'zz-etcd-caretaker-hold.conf';

/** Readable by everybody as all of systemd's files, and root's where the agent is root. */
const openOwner = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** The drop-ins of the agent beside one unit. Systemd sees a change only after `daemon-reload`. */
export class DropIns {
  readonly #override: string;
  readonly #holds: readonly string[];

  constructor(folders: DropInFolders, unit: string) {
    const [runtime, lasting] = [join(folders.runtime, `${unit}.d`), join(folders.lasting, `${unit}.d`)];
    this.#override = join(runtime, overrideName);
    this.#holds = [join(lasting, holdName), join(runtime, holdName)];
  }

  /** Whether a drop-in is one of the agent's. */
  own(path: string): boolean {
    return path === this.#override || this.#holds.includes(path);
  }

  /** Replaces what overrides the unit's settings. Throws an AgentError `SUPERVISE_NO_RIGHT`. */
  async override(text: string): Promise<void> {
    await writeOpen(this.#override, text).catch((error: unknown) => {
      throw unwritable(this.#override, error);
    });
  }

  /**
   * Makes every start of the unit fail, whoever asks for it, until `release`: a person, another unit, the next boot. Where /etc
   * cannot be written it lasts until the next boot only. The assertion looks for the very file that it stands in: whoever removes
   * the file by hand has released the unit. Throws an AgentError `SUPERVISE_NO_RIGHT`.
   */
  async hold(unit: string): Promise<void> {
    const failures: unknown[] = [];
    for (const path of this.#holds) {
      try {
        await writeOpen(path, holdText(unit, path));
        return;
      } catch (error) {
        failures.push(error);
      }
    }
    throw unwritable(this.#holds.join(' or '), failures[0]);
  }

  /** Lets the unit be started again. Says whether it was held. */
  async release(): Promise<boolean> {
    let held = false;
    for (const path of this.#holds) {
      held ||= await stat(path).then(
        () => true,
        () => false,
      );
      await rm(path, { force: true }).catch((error: unknown) => {
        throw unwritable(path, error);
      });
    }
    return held;
  }
}

/** Writes a file that everybody may read, and its folder where it is not there. Throws the system's error. */
export async function writeOpen(path: string, text: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch(() => undefined);
  if (there === text) return;
  await mkdir(dirname(path), { recursive: true });
  // Systemd reads only what ends in .conf.
  await replaceFile(path, `${path}.new`, text, openOwner);
}

function holdText(unit: string, path: string): string {
  return [
    `# Written by etcd-caretaker: it has stopped ${unit} and holds it, so that nothing starts etcd meanwhile (the member is being`,
    '# replaced or restored, or was asked to leave): see `etcd-caretaker status`. It removes this file before it starts etcd.',
    '# To start etcd yourself, remove this file first.',
    '[Unit]',
    `AssertPathExists=!${path}`,
    '',
  ].join('\n');
}

function unwritable(path: string, cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('SUPERVISE_NO_RIGHT', `${path} could not be changed: ${why}`, {
    remedy: 'run the agent as root, without ProtectSystem= over these folders: the unit that comes with it does so',
    cause,
  });
}
