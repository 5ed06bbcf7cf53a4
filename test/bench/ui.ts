import { parseArgs } from 'node:util';
import { launchChromium } from '../e2e/ui/chromium.ts';
import { machine } from './processes.ts';
import { firstPaint } from './ui/first-paint.ts';
import { openPages } from './ui/open-pages.ts';
import { ShownGround } from './ui/shown-ground.ts';
import { updates } from './ui/updates.ts';

const options = {
  runs: { type: 'string', default: '20' },
  part: { type: 'string' },
  pages: { type: 'string', default: '50' },
  seconds: { type: 'string', default: '60' },
} as const;

const parts = ['paint', 'updates', 'pages'] as const;

/**
 * What the status page is like to wait for, and what it costs, on three members with agents of the built package as they come: `--runs` loads to
 * the first paint with data; as many changes until a page of another agent shows them; and what `--pages` open pages cost the agent in
 * `--seconds`. `--part paint|updates|pages`; default all.
 */
export async function ui(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options });
  const wanted = parts.filter((part) => values.part === undefined || values.part === part);
  if (wanted.length === 0) throw new Error(`there is no part ${values.part}: ${parts.join(', ')}`);
  // The exit ends what was started: who is asked to end must come to it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130));
  await using browser = await launchChromium();
  console.log(`ui, ${values.runs} runs: three members, 50 writes/s, Chromium ${browser.version()}, on ${machine()}`);
  await using ground = await ShownGround.start();
  const runs = Number(values.runs);
  for (const part of wanted) {
    console.log('');
    if (part === 'paint') await firstPaint(ground, browser, runs);
    else if (part === 'updates') await updates(ground, browser, runs);
    else await openPages(ground, browser, Number(values.pages), Number(values.seconds));
  }
}
