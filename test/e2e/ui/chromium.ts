import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** The distribution's Chromium. Throws with what to do where there is none on PATH. */
function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = folders.map((folder) => join(folder, 'chromium')).find((path) => existsSync(path));
  if (found === undefined) throw new Error('there is no chromium on PATH: run "node scripts/setup.mjs --for ui"');
  return found;
}

/** A name that the browser takes for this machine, and an agent for one from elsewhere. */
export const FOREIGN_NAME = 'agents.example';

/** A browser without a window. Whoever launches it closes it. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: findChromium(),
    // It cannot be had as root, as which tests run in containers; only pages of our own are seen.
    chromiumSandbox: false,
    args: [`--host-resolver-rules=MAP ${FOREIGN_NAME} 127.0.0.1`],
  });
}
