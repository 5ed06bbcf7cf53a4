import type { Browser } from 'playwright-core';
import { targetLine } from '../backup/target.ts';
import type { ShownGround } from './shown-ground.ts';
import { numberIn, p95, spread } from './times.ts';

const AT_MOST_MS = 500;
const PATIENCE_MS = 30_000;

/** Runs in the page before its own scripts: notes when the first card of a member with data has been painted. */
const noteFirstData = `
  const painted = () => {
    const card = [...document.querySelectorAll('article[aria-label]')].find((each) => /leader|follower/i.test(each.textContent));
    if (card === undefined) return;
    watch.disconnect();
    performance.mark('data');
    // After a frame has been drawn with it.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => performance.mark('painted');
      port2.postMessage(undefined);
    });
  };
  const watch = new MutationObserver(painted);
  watch.observe(document, { childList: true, subtree: true, characterData: true });
`;

/** So many loads of the page, each by a browser that has nothing of it yet: from the navigation to the first paint with data. */
export async function firstPaint(ground: ShownGround, browser: Browser, runs: number): Promise<void> {
  const { agentUrl } = ground.cluster.member('m1');
  // The browser's own first page is its start.
  await paintMs(browser, agentUrl);
  const all: number[] = [];
  while (all.length < runs) all.push(await paintMs(browser, agentUrl));
  console.log(`first paint with data: ${spread(all)}`);
  console.log(targetLine('first paint with data, p95', p95(all), 'ms', { atMost: AT_MOST_MS }));
}

async function paintMs(browser: Browser, url: string): Promise<number> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(noteFirstData);
    await page.goto(url);
    return await numberIn(page, "performance.getEntriesByName('painted')[0]?.startTime", PATIENCE_MS);
  } finally {
    await context.close();
  }
}
