import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { openPage } from '../../e2e/ui/opened-page.ts';
import { untilHeadline } from '../../e2e/ui/page-parts.ts';
import { targetLine } from '../backup/target.ts';
import type { ShownGround } from './shown-ground.ts';
import { numberIn, p95, spread } from './times.ts';

const AT_MOST_MS = 1000;
const POLL_MS = 100;
const PATIENCE_MS = 180_000;
/** Which changes nothing, and is over soon. */
const OPERATION = 'hash-check';

interface Ended {
  readonly id: string;
  readonly operation: string;
  readonly startedAtMs: number;
}

/** So many pauses and operations, until a page of an agent shows them that neither was asked nor leads. */
export async function updates(ground: ShownGround, browser: Browser, runs: number): Promise<void> {
  const { leader } = (await ground.read('m1', '/api/v1/decisions')) as { readonly leader: { readonly member: string } };
  const [asked, shown] = ['m1', 'm2', 'm3'].filter((member) => member !== leader.member) as [string, string];
  await using opened = await openPage(browser, ground.cluster.member(shown).agentUrl);
  const { page } = opened;
  await untilHeadline(page, 'healthy');
  const pauses: number[] = [];
  while (pauses.length < runs) pauses.push(await pauseMs(ground, asked, page, pauses.length));
  console.log(`a pause through ${asked} until the page of ${shown} shows it: ${spread(pauses)}`);
  console.log(targetLine('a pause reaches the page, p95', p95(pauses), 'ms', { atMost: AT_MOST_MS }));
  const steps: number[] = [];
  while (steps.length < runs) steps.push(await operationMs(ground, leader.member, page));
  console.log(`an operation that ${leader.member} begins until the page of ${shown} shows it: ${spread(steps)}`);
  console.log(targetLine('an operation reaches the page, p95', p95(steps), 'ms', { atMost: AT_MOST_MS }));
}

/** From before it was asked for: what etcd and the agents take is in it. */
async function pauseMs(ground: ShownGround, member: string, page: Page, run: number): Promise<number> {
  const reason = `bench pause ${run}`;
  const seen = await watched(page, pauseBanner, reason);
  const fromMs = Date.now();
  await ground.change(member, 'POST', '/api/v1/pause', { reason, for: '5m' });
  const ms = (await seen()) - fromMs;
  const over = await watched(page, pauseBanner, reason, true);
  await ground.change(member, 'DELETE', '/api/v1/pause', {});
  await over();
  return ms;
}

/** From when it took the slot, by the clock of this very machine. */
async function operationMs(ground: ShownGround, leader: string, page: Page): Promise<number> {
  const known = new Set((await history(ground)).map(({ id }) => id));
  const seen = await watched(page, underWay, OPERATION);
  await ground.change(leader, 'POST', '/api/v1/operations', { operation: OPERATION });
  const shownAtMs = await seen();
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const ended = (await history(ground)).find(({ id, operation }) => operation === OPERATION && !known.has(id));
    if (ended !== undefined) return shownAtMs - ended.startedAtMs;
    if (performance.now() > untilMs) throw new Error(`${OPERATION} did not end`);
    await sleep(POLL_MS);
  }
}

async function history(ground: ShownGround): Promise<readonly Ended[]> {
  return ((await ground.read('m1', '/api/v1/operations')) as { readonly history: readonly Ended[] }).history;
}

/** The section of that heading: an expression for the page. */
const underWay =
  "[...document.querySelectorAll('h2')].find((each) => each.textContent === 'Under way').closest('section')";

/** There only while the agents are paused; what the history says of a pause stays. */
const pauseBanner = `document.querySelector('[data-testid="pause-banner"]')`;

/** Has the page note when a part of it first shows a text (or no longer does); what comes back waits for it and gives the wall clock. */
async function watched(page: Page, part: string, text: string, gone = false): Promise<() => Promise<number>> {
  await page.evaluate(`globalThis.seenAtMs = undefined; (() => {
    const look = () => {
      if ((${part}?.textContent ?? '').includes(${JSON.stringify(text)}) === ${gone}) return;
      watch.disconnect();
      globalThis.seenAtMs = performance.timeOrigin + performance.now();
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, { childList: true, subtree: true, characterData: true });
    look();
  })()`);
  return () => numberIn(page, 'globalThis.seenAtMs', PATIENCE_MS);
}
