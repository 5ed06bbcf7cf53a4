import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { auditedBothWays } from './audit.ts';
import { launchChromium } from './chromium.ts';
import { drillHeldUp } from './held-drill.ts';
import { type OpenedPage, openPage } from './opened-page.ts';
import { cardOf, connectionOf, sectionOf, sections, shown, untilHeadline, untilShown } from './page-parts.ts';

const soon = { timeout: 60_000, interval: 200 };
let cluster: TendedCluster;
let browser: Browser;
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  // What is ended by a test stays so until the test ends that; nobody is replaced meanwhile.
  cluster = await TendedCluster.start({ set: { 'heal.mode': 'off', 'backup.delta.interval': '1s' } });
  await cluster.untilWell();
  const client = cluster.client();
  for (let n = 0; n < 50; n += 1) await client.put(Buffer.from(`/registry/pods/pod-${n}`), Buffer.alloc(500, 1));
  client.close();
  await cluster.untilStored();
  browser = await launchChromium();
  opened = await openPage(browser, cluster.member('m1').agentUrl);
  page = opened.page;
});

afterAll(async () => {
  await opened?.close();
  await browser?.close();
  await cluster?.close();
});

/** In this state axe finds nothing, and nothing was broken on the way here. */
const untilClean = async (): Promise<void> => {
  expect(await auditedBothWays(page)).toEqual([]);
  expect(opened.complaints).toEqual([]);
};

test('a healthy cluster: one sentence says it, and every part has something to show', async () => {
  const says = await untilHeadline(page, 'healthy');
  expect(says).toMatch(/^Healthy\. 3 of 3 voters.*m[123] leads/);
  for (const heading of sections) await sectionOf(page, heading).first().waitFor({ state: 'visible', timeout: 30_000 });
  for (const member of ['m1', 'm2', 'm3']) {
    await vi.waitFor(async () => {
      const card = await shown(cardOf(page, member));
      expect(card).toMatch(/leader|follower/i);
      expect(card).toMatch(/3\.5\.\d+/);
      expect(card).toMatch(/fsync/i);
      expect(card).toMatch(/quota/i);
    }, soon);
  }
  await untilShown(sectionOf(page, 'Keyspace'), '/registry/');
  await untilClean();
});

test('an operation under way is shown with its steps, and then among what was', async () => {
  await cluster.request('drill');
  {
    await using _held = await drillHeldUp(cluster);
    await untilShown(sectionOf(page, 'Under way'), /drill/i);
    await untilClean();
  }
  await untilShown(sectionOf(page, 'History'), /drill/i, { timeoutMs: 120_000 });
  await untilShown(sectionOf(page, 'Under way'), /drill/i, { not: true });
});

test('an agent that does not answer is said on the card of its member, which is as well as before', async () => {
  const silent = cluster.member('m2');
  await silent.killAgent();
  await untilShown(cardOf(page, 'm2'), /agent.*(not answer|silent|unreachable|not reach)/i);
  await untilClean();
});

test('a member that is down: the headline names it', async () => {
  cluster.member('m2').killEtcd();
  expect(await untilHeadline(page, 'degraded')).toContain('2 of 3 voters');
  await untilShown(sectionOf(page, 'To do'), 'm2');
  await untilClean();
});

test('a lost quorum is the first thing that is said', async () => {
  const third = cluster.member('m3');
  await third.killAgent();
  third.killEtcd();
  expect(await untilHeadline(page, 'quorum-lost', 90_000)).toMatch(/quorum/i);
  await untilClean();
});

test('a page whose own agent is gone says so, and is back by itself', async () => {
  const own = cluster.member('m1');
  await own.killAgent();
  await untilShown(connectionOf(page), /no answer from this agent/i);
  expect(await auditedBothWays(page)).toEqual([]);
  for (const member of cluster.members) member.startAgent();
  await cluster.untilWell();
  await untilHeadline(page, 'healthy', 120_000);
  await untilShown(connectionOf(page), /live/i);
  expect(await auditedBothWays(page)).toEqual([]);
});
