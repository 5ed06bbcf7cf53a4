// Takes pictures of the built page in every situation of the fixtures, and says what axe finds: node test/ui/support/look.ts FOLDER [SITUATION…]
import { mkdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { startFixtureAgent } from './fixture-agent.ts';
import { situations } from './fixture-situations.ts';

const looks = [
  { name: 'light', colorScheme: 'light', width: 1440, height: 900 },
  { name: 'dark', colorScheme: 'dark', width: 1440, height: 900 },
  { name: 'phone', colorScheme: 'light', width: 375, height: 812 },
] as const;

async function look(browser: Browser, folder: string, situation: string, axe: string): Promise<void> {
  const agent = await startFixtureAgent(situation);
  try {
    const { port } = agent.address() as AddressInfo;
    for (const { name, colorScheme, width, height } of looks) {
      const page = await browser.newPage({ colorScheme, viewport: { width, height } });
      page.on('console', (message) => console.log(situation, name, message.type(), message.text()));
      page.on('pageerror', (error) => console.log(situation, name, 'error', error.message));
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.waitForTimeout(700);
      // A store is read when it is scrolled to.
      await page.evaluate(() => document.getElementById('backups')?.scrollIntoView());
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(folder, `${situation}-${name}.png`), fullPage: true });
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (wide > 0) console.log(situation, name, `is ${wide} px too wide`);
      const found: unknown = await page.evaluate(
        `${axe}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 120) + (node.any[0]?.message ?? '')).slice(0, 4).join(' | ')))`,
      );
      for (const each of found as readonly string[]) console.log(situation, name, 'axe', each);
      await page.close();
    }
  } finally {
    agent.closeAllConnections();
    agent.close();
  }
}

const [folder = '.', ...names] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const axe = await readFile(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  for (const name of names.length > 0 ? names : Object.keys(situations)) await look(browser, folder, name, axe);
} finally {
  await browser.close();
}
