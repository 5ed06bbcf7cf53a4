import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import type { WritableFolder } from './writable-folders.ts';

/** What an installation comes to, in order. */
export type InstallStep =
  | { readonly do: 'make-folder'; readonly path: string; readonly why: string }
  | { readonly do: 'write-unit'; readonly path: string; readonly text: string; readonly replaces?: string }
  | { readonly do: 'run'; readonly command: readonly [string, ...string[]] };

/** Where an installation would write, as it is now. */
export interface InstallPlan {
  /** Path of the unit's file. */
  readonly unitFile: string;
  readonly unit: string;
  readonly text: string;
  readonly folders: readonly WritableFolder[];
  /** Whom folders that are made belong to; left out: root. */
  readonly user?: string;
}

/** The steps that are left. The agent is always started anew, which etcd does not notice: its configuration is another one, whatever the unit says. */
export async function installSteps({
  unitFile,
  unit,
  text,
  folders,
  user,
}: InstallPlan): Promise<readonly InstallStep[]> {
  const before = await readFile(unitFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const made = folders
    .filter(({ isMade, path }) => isMade && !existsSync(path))
    .flatMap(({ path, why }): readonly InstallStep[] => [
      { do: 'make-folder', path, why },
      ...(user === undefined ? [] : [{ do: 'run', command: ['chown', `${user}:`, path] } as const]),
    ]);
  return [
    ...made,
    ...(before === text
      ? []
      : [{ do: 'write-unit' as const, path: unitFile, text, ...(before === undefined ? {} : { replaces: before }) }]),
    // Also where the unit is there: an installation before may have ended right after it had written it.
    { do: 'run', command: ['systemctl', 'daemon-reload'] },
    { do: 'run', command: ['systemctl', 'enable', unit] },
    { do: 'run', command: ['systemctl', 'restart', unit] },
  ];
}

/** A step in words. */
export function stepText(step: InstallStep): string {
  switch (step.do) {
    case 'make-folder':
      return `make the folder ${step.path} (${step.why})`;
    case 'write-unit':
      return step.replaces === undefined
        ? `write ${step.path}`
        : `write ${step.path} anew; the former one is kept as ${step.path}.previous`;
    case 'run':
      return step.command.join(' ');
  }
}

/** Does one step. @param run runs a command; throws with its words where it fails */
export async function doStep(
  step: InstallStep,
  run: (command: readonly [string, ...string[]]) => Promise<void>,
): Promise<void> {
  switch (step.do) {
    case 'make-folder':
      await mkdir(step.path, { recursive: true, mode: 0o700 });
      return;
    case 'write-unit':
      if (step.replaces !== undefined) await writeFile(`${step.path}.previous`, step.replaces);
      await writeFile(step.path, step.text);
      await chmod(step.path, 0o644);
      return;
    case 'run':
      await run(step.command);
  }
}
