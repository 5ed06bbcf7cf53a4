import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { TOKEN } from '../../healing/tended-member.ts';
import { launchChromium } from './chromium.ts';
import { openPage } from './opened-page.ts';
import { buttonOf, cardOf, dialogOf, logIn, sectionOf, untilHeadline } from './page-parts.ts';

/** More than there are things to reach. */
const MANY = 200;
/** What a browser takes to load it, compressed, with all headers. */
const FILES_BYTES_AT_MOST = 150_000;

let cluster: TendedCluster;
let browser: Browser;
let url: string;

beforeAll(async () => {
  cluster = await TendedCluster.start();
  await cluster.untilWell();
  await cluster.untilStored();
  url = cluster.member('m1').agentUrl;
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await cluster?.close();
});

/** What has the focus, by role and name as a screen reader has it; empty for the page itself. */
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const at = document.activeElement;
    if (at === null || at === document.body) return '';
    const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent;
    return at.tagName.toLowerCase() + ' ' + label.trim();
  })()`);

/** Everything that Tab comes to, in its order, until it comes round. */
const tabbed = async (page: Page): Promise<readonly string[]> => {
  const reached: string[] = [];
  for (let count = 0; count < MANY; count += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (reached.length > 1 && now === reached[0]) return reached;
    if (now !== '') reached.push(now);
  }
  return reached;
};

/** Presses Tab until this has the focus. */
const tabTo = async (page: Page, wanted: string): Promise<void> => {
  for (let count = 0; count < MANY; count += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === wanted) return;
  }
  throw new Error(`Tab does not come to ${wanted}`);
};

test('Tab comes to everything that can be used, and what has the focus can be seen', async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  await untilHeadline(page, 'healthy');
  await logIn(page, TOKEN);
  await page.reload();
  // The store is read for who looks at it.
  await sectionOf(page, 'Backups').scrollIntoViewIfNeeded();
  await page.getByLabel('Point in time').waitFor();
  const reached = await tabbed(page);
  expect(reached).toEqual(
    expect.arrayContaining(['button Pause', 'button Run', 'button Log out', 'button Theme', 'button Copy']),
  );
  expect(reached.some((each) => each.startsWith('input Point in time'))).toBe(true);
  await tabTo(page, 'button Pause');
  const outline = await page.evaluate<string>(
    '(({ outlineStyle, boxShadow }) => outlineStyle + boxShadow)(getComputedStyle(document.activeElement))',
  );
  expect(outline).not.toBe('nonenone');
});

test('a dialog keeps the focus, Escape closes it, and the focus is back where it was', async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  await untilHeadline(page, 'healthy');
  await logIn(page, TOKEN);
  for (const [button, name] of [
    ['Pause', 'Pause all operations'],
    ['Run', 'Run an operation'],
  ] as const) {
    await tabTo(page, `button ${button}`);
    await page.keyboard.press('Enter');
    const dialog = dialogOf(page, name);
    await dialog.waitFor();
    const isInside = `document.activeElement === document.body || document.activeElement.closest('dialog, [role=dialog]') !== null`;
    for (let count = 0; count < 20; count += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(isInside)).toBe(true);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe(`button ${button}`);
  }
});

test('a pause can be made and taken back with the keyboard alone', async () => {
  await using opened = await openPage(browser, url);
  const { page } = opened;
  await untilHeadline(page, 'healthy');
  await tabTo(page, 'button Log in');
  await page.keyboard.press('Enter');
  await dialogOf(page, 'Log in').waitFor();
  await page.keyboard.type(TOKEN);
  await page.keyboard.press('Enter');
  await buttonOf(page, 'Log out').waitFor();
  await tabTo(page, 'button Pause');
  await page.keyboard.press('Enter');
  const dialog = dialogOf(page, 'Pause all operations');
  await dialog.waitFor();
  for (let count = 0; count < 10 && !(await focused(page)).includes('Reason'); count += 1) {
    await page.keyboard.press('Tab');
  }
  await page.keyboard.type('by keyboard');
  await tabTo(page, 'button Pause now');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await buttonOf(page, 'Resume').waitFor();
  await tabTo(page, 'button Resume');
  await page.keyboard.press('Enter');
  await buttonOf(page, 'Pause').waitFor();
});

test('on a phone nothing is wider than the screen', async () => {
  await using opened = await openPage(browser, url, {
    viewport: { width: 375, height: 812 },
    isMobile: true,
    hasTouch: true,
  });
  const { page } = opened;
  await untilHeadline(page, 'healthy');
  await cardOf(page, 'm3').waitFor();
  await page.waitForTimeout(2000);
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  expect(width).toBeLessThanOrEqual(375);
  const small = await page.evaluate<readonly string[]>(`[...document.querySelectorAll('button')]
    .filter((button) => button.offsetParent !== null && button.getBoundingClientRect().height < 24)
    .map((button) => button.textContent)`);
  expect(small).toEqual([]);
});

test('all that a browser has to load is small', async () => {
  await using opened = await openPage(browser, url);
  await untilHeadline(opened.page, 'healthy');
  await opened.page.waitForTimeout(2000);
  expect(opened.filesBytes()).toBeGreaterThan(10_000);
  expect(opened.filesBytes()).toBeLessThanOrEqual(FILES_BYTES_AT_MOST);
});
