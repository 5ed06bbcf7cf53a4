import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { TOKEN } from '../../healing/tended-member.ts';
import { auditedBothWays } from './audit.ts';
import { launchChromium } from './chromium.ts';
import { type OpenedPage, openPage } from './opened-page.ts';
import { buttonOf, cardOf, dialogOf, headlineOf, logIn, sectionOf, shown, untilShown } from './page-parts.ts';
import { restoredKeys } from './restored-keys.ts';

const soon = { timeout: 60_000, interval: 200 };
let cluster: TendedCluster;
let browser: Browser;
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  cluster = await TendedCluster.start({ set: { 'backup.delta.interval': '1s' } });
  await cluster.untilWell();
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await cluster?.close();
});

beforeEach(async () => {
  opened = await openPage(browser, cluster.member('m1').agentUrl);
  page = opened.page;
  await cardOf(page, 'm1').waitFor();
});

afterEach(async () => {
  await opened?.close();
});

/** What an agent says of the pause. */
const pauseAt = async (member: string): Promise<unknown> => {
  const reply = await fetch(`${cluster.member(member).agentUrl}/api/v1/decisions`);
  return ((await reply.json()) as { pause?: unknown }).pause;
};

test('a wrong token is refused in the dialog, and the right one taken; logged out, nothing can be changed again', async () => {
  await buttonOf(page, 'Log in').first().click();
  const dialog = dialogOf(page, 'Log in');
  await dialog.getByLabel('Token').fill('not the token');
  await buttonOf(dialog, 'Log in').click();
  await untilShown(dialog, /not the right|wrong|not taken|refused/i);
  expect(await auditedBothWays(page)).toEqual([]);
  await dialog.getByLabel('Token').fill(TOKEN);
  await buttonOf(dialog, 'Log in').click();
  await buttonOf(page, 'Log out').waitFor();
  expect(await auditedBothWays(page)).toEqual([]);
  await buttonOf(page, 'Log out').click();
  await buttonOf(page, 'Log in').first().waitFor();
  expect(opened.complaints).toEqual([]);
  expect(JSON.stringify(opened.requests)).not.toContain(TOKEN);
});

test('a pause in one page is seen in that of another agent, and so is its end', async () => {
  await using other = await openPage(browser, cluster.member('m3').agentUrl);
  await logIn(page, TOKEN);
  await buttonOf(page, 'Pause').click();
  const dialog = dialogOf(page, 'Pause all operations');
  expect(await auditedBothWays(page)).toEqual([]);
  await dialog.getByLabel('Reason').fill('the storage is being moved');
  expect(await pauseAt('m1')).toBeUndefined();
  await buttonOf(dialog, 'Pause now').click();
  await dialog.waitFor({ state: 'hidden' });
  await buttonOf(page, 'Resume').waitFor();
  await untilShown(other.page.locator('body'), 'the storage is being moved');
  expect(await pauseAt('m2')).toMatchObject({ reason: 'the storage is being moved' });
  expect(await auditedBothWays(page)).toEqual([]);
  await buttonOf(page, 'Resume').click();
  await vi.waitFor(async () => expect(await pauseAt('m2')).toBeUndefined(), soon);
  await buttonOf(page, 'Pause').waitFor();
  await untilShown(headlineOf(other.page), /pause/i, { not: true });
  expect([...opened.complaints, ...other.complaints]).toEqual([]);
});

/** Whether the agents would do it now: a request that they cannot grant is refused at once. */
const untilGranted = async (operation: string): Promise<void> => {
  await vi.waitFor(async () => {
    const decisions = await Promise.all(
      cluster.members.map(async ({ agentUrl }) => {
        const reply = await fetch(`${agentUrl}/api/v1/operations`, {
          method: 'POST',
          headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
          body: JSON.stringify({ operation, dryRun: true }),
        });
        return ((await reply.json()) as { decision?: string }).decision;
      }),
    );
    expect(decisions).toContain('act');
  }, soon);
};

test('what is asked for is looked at first, then confirmed, and the page says what became of it', async () => {
  await untilGranted('defrag');
  await logIn(page, TOKEN);
  await buttonOf(page, 'Run').click();
  const dialog = dialogOf(page, 'Run an operation');
  await dialog.getByLabel('Operation').selectOption('defrag');
  await untilShown(dialog, /would become of it now:|does not lead/i);
  expect(await auditedBothWays(page)).toEqual([]);
  await buttonOf(dialog, 'Ask for it').click();
  await untilShown(sectionOf(page, 'History'), /defrag/i, { timeoutMs: 120_000 });
  await untilShown(page.getByTestId('asked-for'), /defrag: succeeded/);
  expect(opened.complaints).toEqual([]);
});

test('a point in time is picked, and the command that the page shows for it restores the data of then', async () => {
  const client = cluster.client();
  const put = async (key: string): Promise<void> => void (await client.put(Buffer.from(key), Buffer.from('x')));
  await put('/restored/before');
  await cluster.untilStored();
  await page.waitForTimeout(3000);
  const between = Date.now();
  await page.waitForTimeout(3000);
  await put('/restored/after');
  client.close();
  await cluster.untilStored();
  // An agent lists its store every 20 s at most: what it shows must not be from before.
  await page.waitForTimeout(20_000);
  await page.reload();
  await sectionOf(page, 'Backups').scrollIntoViewIfNeeded();
  const point = page.getByLabel('Point in time');
  await point.waitFor();
  const command = page.getByTestId('restore-command');
  /** The time that stands in the command now. */
  const picked = async (): Promise<number> =>
    Date.parse(/--to-time[ =]'?"?([^\s'"]+)/.exec(await shown(command))?.[1] ?? '');
  await point.focus();
  // At first it stands at the latest, which is no time.
  for (let step = 0; step < 2000 && !((await picked()) <= between); step += 1) await point.press('ArrowLeft');
  expect(between - (await picked())).toBeLessThan(3000);
  expect(await auditedBothWays(page)).toEqual([]);
  const keys = await restoredKeys(await shown(command), '/restored/');
  expect(keys).toEqual(['/restored/before']);
});

test('without a token everything can be read, and nothing is sent that would change anything', async () => {
  const changes: string[] = [];
  page.on('request', (request) => {
    if (!['GET', 'HEAD'].includes(request.method())) changes.push(`${request.method()} ${request.url()}`);
  });
  for (const name of ['Pause', 'Run'] as const) {
    const button = buttonOf(page, name);
    if ((await button.count()) === 0 || (await button.isDisabled())) continue;
    await button.click();
    await dialogOf(page, 'Log in').waitFor();
    await page.keyboard.press('Escape');
    await dialogOf(page, 'Log in').waitFor({ state: 'hidden' });
  }
  expect(changes).toEqual([]);
  expect(await shown(sectionOf(page, 'Members'))).toContain('m2');
});
