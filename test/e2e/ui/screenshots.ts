import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { freeBasePort, readDemoFile, startDemo } from '../../demo/demo-process.ts';
import { launchChromium } from './chromium.ts';
import { openPage } from './opened-page.ts';
import { cardOf, type HeadlineState, sectionOf, untilHeadline, untilShown } from './page-parts.ts';

const run = promisify(execFile);
const target = join(import.meta.dirname, '..', '..', '..', 'docs', 'screenshots');
/** Until charts and figures have followed. */
const SETTLE_MS = 5000;
/** Until another agent leads, where the one that led is gone. */
const NEW_LEADER_MS = 40_000;

/** Starts a demo, lets it work for a while, brings about what is to be seen, and writes docs/screenshots. */
async function takeAll(minutes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-'));
  const basePort = String(await freeBasePort());
  const demo = startDemo(['--dir', folder, '--base-port', basePort, '--quota', '64MiB']);
  const browser = await launchChromium();
  try {
    await demo.untilOutput('Ctrl-C');
    const { members, token } = readDemoFile(folder);
    const url = members[0]?.agentUrl ?? '';
    await mkdir(target, { recursive: true });
    for (const operation of ['snapshot', 'drill', 'hash-check']) {
      await sleep((minutes * 60_000) / 4);
      await ask(url, token, operation);
    }
    await sleep((minutes * 60_000) / 4);
    await take(browser, url, 'healthy-light', 'healthy', { colorScheme: 'light' });
    await take(browser, url, 'healthy-dark', 'healthy', { colorScheme: 'dark' });
    const phone = { viewport: { width: 375, height: 812 }, isMobile: true, hasTouch: true };
    await take(browser, url, 'phone', 'healthy', phone);
    await strike(folder, 'm2');
    await sleep(NEW_LEADER_MS);
    await take(browser, url, 'member-down', 'degraded', { colorScheme: 'light' });
    await strike(folder, 'm3');
    await take(browser, url, 'quorum-lost', 'quorum-lost', { colorScheme: 'light' });
  } finally {
    await browser.close();
    demo.child.kill('SIGTERM');
    await demo.ended();
    await rm(folder, { recursive: true, force: true });
  }
}

/** As a person asks for it. */
async function ask(url: string, token: string, operation: string): Promise<void> {
  const reply = await fetch(`${url}/api/v1/operations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ operation, by: 'alice' }),
  });
  if (reply.status !== 202) throw new Error(`${operation} was not taken: ${await reply.text()}`);
}

/** Its machine is gone, as far as others can see: the agent is held, or the demo would start it again. */
async function strike(demoFolder: string, name: string): Promise<void> {
  const member = readDemoFile(demoFolder).members.find((each) => each.name === name);
  if (member?.agentPid == null || member.etcdPid === null) throw new Error(`${name} does not run`);
  process.kill(member.agentPid, 'SIGSTOP');
  process.kill(member.etcdPid, 'SIGKILL');
}

async function take(
  browser: Browser,
  url: string,
  name: string,
  state: HeadlineState,
  options: BrowserContextOptions,
): Promise<void> {
  await using opened = await openPage(browser, url, { ...options, deviceScaleFactor: 1, reducedMotion: 'reduce' });
  const { page } = opened;
  await untilHeadline(page, state, 120_000);
  await cardOf(page, 'm3').waitFor();
  // The store is read for who looks at it.
  await sectionOf(page, 'Backups').scrollIntoViewIfNeeded();
  await untilShown(sectionOf(page, 'Backups'), /reading/i, { not: true });
  await page.evaluate('scrollTo(0, 0)');
  await sleep(SETTLE_MS);
  const path = join(target, `${name}.png`);
  await page.screenshot({ path, fullPage: options.isMobile !== true });
  // A page has few colours: with a palette a picture has less than half of the bytes.
  await run('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '256', path]);
  console.log(path);
}

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '6' } } });
await takeAll(Number(values.minutes));
