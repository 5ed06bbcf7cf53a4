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
}

/** The steps that are left: none where everything is as it would be written, but for a start that changes nothing. */
export async function installSteps({ unitFile, unit, text, folders }: InstallPlan): Promise<readonly InstallStep[]> {
  const before = await readFile(unitFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const made = folders
    .filter(({ isMade, path }) => isMade && !existsSync(path))
    .map(({ path, why }): InstallStep => ({ do: 'make-folder', path, why }));
  const isNew = before !== text;
  return [
    ...made,
    ...(isNew
      ? [
          { do: 'write-unit' as const, path: unitFile, text, ...(before === undefined ? {} : { replaces: before }) },
          { do: 'run' as const, command: ['systemctl', 'daemon-reload'] as const },
        ]
      : []),
    { do: 'run', command: ['systemctl', 'enable', unit] },
    // Etcd goes on meanwhile, whoever has started it.
    { do: 'run', command: ['systemctl', isNew && before !== undefined ? 'restart' : 'start', unit] },
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
