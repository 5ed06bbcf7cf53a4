import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';

const PATIENCE_MS = 60_000;
const POLL_MS = 100;

/** In what state the headline says that the cluster is. */
export type HeadlineState = 'healthy' | 'degraded' | 'unwell' | 'nospace' | 'corrupt' | 'quorum-lost' | 'unknown';

/** The sections of the page by their headings. */
export const sections = [
  'To do',
  'Under way',
  'Members',
  'Last hour',
  'Round trips',
  'Decisions',
  'History',
  'Backups',
  'Keyspace',
] as const;

/** Waits until the headline says this; gives its words. Throws with what it says instead. */
export async function untilHeadline(page: Page, state: HeadlineState, timeoutMs = PATIENCE_MS): Promise<string> {
  const headline = headlineOf(page);
  try {
    await page.locator(`#headline[data-state="${state}"]`).waitFor({ timeout: timeoutMs });
  } catch (cause) {
    const says = await shown(headline).catch(() => 'nothing');
    throw new Error(`the headline is not ${state}, it says: ${says}`, { cause });
  }
  return await shown(headline);
}

/** The text of a part as somebody sees it, in one line. */
export async function shown(part: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not shown.
  return (await part.innerText({ timeout: 2000 })).replaceAll(/\s+/g, ' ').trim();
}

/** Waits until a part shows (or with `not` no longer shows) something; gives its text. Throws with what it shows instead. */
export async function untilShown(
  part: Locator,
  wanted: RegExp | string,
  { timeoutMs = PATIENCE_MS, not = false } = {},
): Promise<string> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const text = await shown(part).catch((error: Error) => `(nothing: ${error.message})`);
    if ((typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) !== not) return text;
    if (performance.now() > untilMs) throw new Error(`${not ? 'still' : 'no'} ${wanted} in: ${text}`);
    await sleep(POLL_MS);
  }
}

/** The one sentence above all. */
export function headlineOf(page: Page): Locator {
  return page.locator('#headline');
}

/** The section under a heading. */
export function sectionOf(page: Page, heading: (typeof sections)[number]): Locator {
  return page.locator('section', { has: page.getByRole('heading', { level: 2, name: heading, exact: true }) });
}

/** The card of a member. */
export function cardOf(page: Page, member: string): Locator {
  return page.getByRole('article', { name: member, exact: true });
}

/** A button of the page by its name. */
export function buttonOf(within: Page | Locator, name: string): Locator {
  return within.getByRole('button', { name, exact: true });
}

/** A dialog that is open. */
export function dialogOf(page: Page, name: 'Pause all operations' | 'Run an operation' | 'Log in'): Locator {
  return page.getByRole('dialog', { name, exact: true });
}

/** Whether the page hears from its agent, in words. */
export function connectionOf(page: Page): Locator {
  return page.getByTestId('connection');
}

/** Logs in with a token, as a person does, and waits until that has been taken. */
export async function logIn(page: Page, token: string): Promise<void> {
  const dialog = dialogOf(page, 'Log in');
  // Where nothing can be read without it, it is open by itself.
  if (!(await dialog.isVisible())) await buttonOf(page, 'Log in').first().click();
  await dialog.getByLabel('Token').fill(token);
  await buttonOf(dialog, 'Log in').click();
  await buttonOf(page, 'Log out').waitFor();
  await dialog.waitFor({ state: 'hidden' });
}
