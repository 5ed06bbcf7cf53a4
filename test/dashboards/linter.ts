import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileNames, folder } from './dashboard-files.ts';

const tools = join(import.meta.dirname, '..', '..', '.tools', 'dashboard-linter');
const MODULE = 'github.com/grafana/dashboard-linter@latest';

/** Where Grafana's dashboard-linter is, if it is anywhere: in `.tools`, or on PATH. */
export function findLinter(): string | undefined {
  const folders = [tools, ...(process.env['PATH'] ?? '').split(delimiter).filter((each) => each !== '')];
  return folders.map((each) => join(each, 'dashboard-linter')).find((file) => existsSync(file));
}

/** Builds it with Go into `.tools`; returns what kept it from doing so, if anything did. */
export function installLinter(): string | undefined {
  const { status, stderr, error } = spawnSync('go', ['install', MODULE], {
    encoding: 'utf8',
    env: { ...process.env, GOBIN: tools },
  });
  if (error !== undefined) return `Go is not here: ${error.message}`;
  return status === 0 ? undefined : stderr.trim();
}

/** What it finds in all dashboards, beyond what `dashboards/.lint` leaves out; empty: nothing. */
export function lint(linter: string): string {
  return fileNames()
    .map((name) => spawnSync(linter, ['lint', '--strict', join(folder, name)], { encoding: 'utf8' }))
    .filter(({ status }) => status !== 0)
    .map(({ stdout, stderr, error }) => `${stdout}${stderr}${error?.message ?? ''}`)
    .join('\n');
}
