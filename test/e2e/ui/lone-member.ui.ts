import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { auditedBothWays } from './audit.ts';
import { launchChromium } from './chromium.ts';
import { openPage } from './opened-page.ts';
import { cardOf, sectionOf, untilHeadline, untilShown } from './page-parts.ts';

const QUOTA_BYTES = 8 * 2 ** 20;
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
});

test('a member alone without a store: its page says that there are no backups and how to have them; and NOSPACE, while it lasts', async () => {
  await using cluster = await TendedCluster.start({
    members: 1,
    backups: false,
    args: [`--quota-backend-bytes=${QUOTA_BYTES}`],
    set: { 'maintenance.nospace.mode': 'off', 'maintenance.compaction.mode': 'off' },
  });
  await cluster.untilWell();
  const { agentUrl } = cluster.member('m1');
  await using opened = await openPage(browser, agentUrl);
  const { page, complaints } = opened;
  await cardOf(page, 'm1').waitFor();
  await sectionOf(page, 'Backups').scrollIntoViewIfNeeded();
  await untilShown(sectionOf(page, 'Backups'), /no store is configured/i);
  expect(await auditedBothWays(page)).toEqual([]);

  const client = cluster.client();
  try {
    await expect(async () => {
      for (let n = 0; n < 100; n += 1) await client.put(Buffer.from(`/full/${n}`), Buffer.alloc(200_000, 1));
    }).rejects.toThrow();
  } finally {
    client.close();
  }
  await untilHeadline(page, 'nospace');
  await untilShown(sectionOf(page, 'To do'), /NOSPACE|quota|space/i);
  expect(await auditedBothWays(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

test('a store in which nothing is yet is shown as empty, and not as broken', async () => {
  const set = { 'backup.full.mode': 'off', 'backup.delta.mode': 'off' };
  await using cluster = await TendedCluster.start({ members: 1, set });
  await cluster.untilWell();
  await using opened = await openPage(browser, cluster.member('m1').agentUrl);
  const { page, complaints } = opened;
  const backups = sectionOf(page, 'Backups');
  await backups.scrollIntoViewIfNeeded();
  await untilShown(backups, /no .*(backup|snapshot)|empty|nothing/i);
  expect(await page.getByTestId('restore-command').count()).toBe(0);
  expect(await auditedBothWays(page)).toEqual([]);
  expect(complaints).toEqual([]);
});
