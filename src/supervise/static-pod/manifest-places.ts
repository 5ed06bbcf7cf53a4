import { lstat, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import { ownerOf, replaceFile, syncFolder } from '../replace-file.ts';

/**
 * The two places of a manifest: the kubelet's folder, where it makes a pod run, and a folder of the agent, where it is held. In
 * whichever state the agent was ended, one of them has a whole manifest; where both have one, that of the kubelet counts.
 */
export class ManifestPlaces {
  /** In the kubelet's folder. */
  readonly path: string;
  readonly #held: string;
  readonly #previous: string;
  /** The kubelet reads every file of its folder but those whose names begin with a dot. */
  readonly #temporary: string;

  constructor(manifest: string, holdDir: string) {
    this.path = manifest;
    this.#held = join(holdDir, basename(manifest));
    this.#previous = `${this.#held}.previous`;
    this.#temporary = join(dirname(manifest), `.${basename(manifest)}.etcd-caretaker`);
  }

  /** Whether the kubelet has it. */
  async inPlace(): Promise<boolean> {
    return exists(this.path);
  }

  /** The manifest, from where it counts. Throws an AgentError `SUPERVISE_MANIFEST_MISSING`. */
  async read(): Promise<{ readonly text: string; readonly path: string }> {
    for (const path of [this.path, this.#held]) {
      const text = await readFile(path, 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw unusable(path, error);
      });
      if (text !== undefined) return { text, path };
    }
    throw new AgentError(
      'SUPERVISE_MANIFEST_MISSING',
      `there is no manifest of etcd, neither ${this.path} nor ${this.#held}`,
      {
        remedy:
          'set supervise.staticPod.manifest to the manifest of etcd; kubeadm init phase etcd local writes one anew',
      },
    );
  }

  /** Takes the manifest from the kubelet. Does nothing where that is done. Throws as `read`, or `SUPERVISE_NO_RIGHT`. */
  async hold(): Promise<void> {
    await this.read();
    if (!(await this.inPlace())) return;
    try {
      await mkdir(dirname(this.#held), { recursive: true, mode: 0o700 });
      await this.#moveTo(this.#held);
    } catch (error) {
      throw unusable(this.path, error);
    }
  }

  /**
   * Gives the kubelet this text as the manifest; the one that was held is kept beside it as `.previous`. Throws an AgentError
   * `SUPERVISE_NO_RIGHT`.
   */
  async put(text: string): Promise<void> {
    const { text: current, path } = await this.read();
    try {
      if (path !== this.path || current !== text) {
        await replaceFile(this.path, this.#temporary, text, await ownerOf(path));
      }
      if (await exists(this.#held)) await rename(this.#held, this.#previous);
      // Of an agent that was ended in the middle.
      await rm(this.#temporary, { force: true });
    } catch (error) {
      throw unusable(this.path, error);
    }
  }

  async #moveTo(held: string): Promise<void> {
    try {
      await rename(this.path, held);
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      // On another file system: a whole copy first, then the original goes.
      await replaceFile(held, `${held}.new`, await readFile(this.path, 'utf8'), await ownerOf(this.path));
      await rm(this.path);
    }
    await Promise.all([syncFolder(dirname(held)), syncFolder(dirname(this.path))]);
  }
}

function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw unusable(path, error);
    },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

function unusable(path: string, cause: unknown): AgentError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AgentError('SUPERVISE_NO_RIGHT', `the manifest ${path} could not be read or moved: ${why}`, {
    remedy: "run the agent as root, with the kubelet's folder of manifests mounted for writing",
    cause,
  });
}
