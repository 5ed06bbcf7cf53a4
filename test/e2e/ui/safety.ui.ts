import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TendedCluster } from '../../healing/tended-cluster.ts';
import { askOverSocket, TOKEN } from '../../healing/tended-member.ts';
import { type Certificates, createCertificates } from '../../real/certificates.ts';
import { auditedBothWays } from './audit.ts';
import { FOREIGN_NAME, launchChromium } from './chromium.ts';
import { foreignSite, forgeries } from './foreign-page.ts';
import { openPage } from './opened-page.ts';
import { buttonOf, cardOf, dialogOf, logIn, untilHeadline } from './page-parts.ts';

const soon = { timeout: 60_000, interval: 200 };
let folder: string;
let certs: Certificates;
let plain: TendedCluster;
let guarded: TendedCluster;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-ui-certs-'));
  certs = await createCertificates(folder);
  plain = await TendedCluster.start({ members: 1 });
  guarded = await TendedCluster.start({ members: 1, certs });
  await Promise.all([plain.untilWell(), guarded.untilWell()]);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await plain?.close();
  await guarded?.close();
  await rm(folder, { recursive: true, force: true });
});

const pauseOf = async (cluster: TendedCluster): Promise<unknown> => {
  const reply = await askOverSocket(join(cluster.member('m1').folder, 'agent.sock'), '/api/v1/decisions');
  return (reply as { pause?: unknown }).pause;
};

/** Ids of all that was ever asked for. */
const askedOf = async (cluster: TendedCluster): Promise<readonly string[]> => {
  const reply = await askOverSocket(join(cluster.member('m1').folder, 'agent.sock'), '/api/v1/operations');
  const { requests, history } = reply as Record<'requests' | 'history', { id: string; requestedBy?: string }[]>;
  return [...requests, ...history.filter(({ requestedBy }) => requestedBy !== undefined)].map(({ id }) => id);
};

/** A browser with the certificate of a person who may change things. */
const withCertificate = async (origin: string): Promise<BrowserContextOptions> => ({
  ignoreHTTPSErrors: true,
  clientCertificates: [{ origin, cert: await readFile(certs.cert), key: await readFile(certs.key) }],
});

test('over TLS a page says who it is by its certificate, and may change what it shows', async () => {
  const { agentUrl } = guarded.member('m1');
  await using opened = await openPage(browser, agentUrl, await withCertificate(agentUrl));
  const { page } = opened;
  await untilHeadline(page, 'healthy');
  await buttonOf(page, 'Pause').click();
  const dialog = dialogOf(page, 'Pause all operations');
  await dialog.getByLabel('Reason').fill('by certificate');
  await buttonOf(dialog, 'Pause now').click();
  await vi.waitFor(
    async () =>
      expect(await pauseOf(guarded)).toMatchObject({
        reason: 'by certificate',
        by: expect.stringContaining('caretaker'),
      }),
    soon,
  );
  await buttonOf(page, 'Resume').click();
  await vi.waitFor(async () => expect(await pauseOf(guarded)).toBeUndefined(), soon);
  expect(opened.complaints).toEqual([]);
});

test.each([
  ['over TLS', () => guarded],
  ['without TLS', () => plain],
] as const)(
  '%s, from elsewhere and without a certificate, nothing of the cluster is shown until a token is given',
  async (_, of) => {
    const url = of().member('m1').agentUrl.replace('127.0.0.1', FOREIGN_NAME);
    await using opened = await openPage(browser, url, { ignoreHTTPSErrors: true });
    const { page } = opened;
    await dialogOf(page, 'Log in').waitFor();
    expect(await auditedBothWays(page)).toEqual([]);
    expect(await page.content()).not.toContain('m1');
    await logIn(page, TOKEN);
    await cardOf(page, 'm1').waitFor();
    await untilHeadline(page, 'healthy');
    expect(opened.complaints).toEqual([]);
  },
);

test.each([
  ['with a token', () => plain, async () => ({})],
  ['with a certificate', () => guarded, withCertificate],
] as const)(
  'a page of another site can change nothing behind the back of who is logged in %s',
  async (_, of, options) => {
    const cluster = of();
    const { agentUrl } = cluster.member('m1');
    const askedBefore = await askedOf(cluster);
    await using site = await foreignSite();
    await using opened = await openPage(browser, agentUrl, await options(agentUrl));
    if (cluster === plain) await logIn(opened.page, TOKEN);
    else await cardOf(opened.page, 'm1').waitFor();
    const foreign = await opened.page.context().newPage();
    const answers: string[] = [];
    foreign.on('response', (response) => {
      if (response.url().startsWith(agentUrl)) answers.push(`${response.request().method()} ${response.status()}`);
    });
    await foreign.goto(site.url);
    for (const [, script] of forgeries(agentUrl)) await foreign.evaluate(script);
    const read = "fetch(URL, { credentials: 'include' }).then((reply) => reply.text(), () => 'refused')";
    const url = JSON.stringify(`${agentUrl}/api/v1/status`);
    expect(await foreign.evaluate(read.replace('URL', url))).toBe('refused');
    // They have come there: it is not the browser alone that keeps them.
    expect(answers.filter((answer) => answer.startsWith('POST 40')).length).toBeGreaterThan(1);
    expect(answers.filter((answer) => /^(POST|DELETE) 2/.test(answer))).toEqual([]);
    expect(await pauseOf(cluster)).toBeUndefined();
    expect(await askedOf(cluster)).toEqual(askedBefore);
  },
);

test('the page may load nothing but its own, be framed by nobody, and asks nobody else', async () => {
  const { agentUrl } = plain.member('m1');
  const reply = await fetch(agentUrl, { headers: { accept: 'text/html' } });
  const policy = reply.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe-|\*|https?:/);
  expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  await using opened = await openPage(browser, agentUrl);
  await untilHeadline(opened.page, 'healthy');
  await opened.page.waitForTimeout(3000);
  const others = opened.requests.filter((url) => !url.startsWith(agentUrl) && !/^(data|blob):/.test(url));
  expect(others).toEqual([]);
  expect(opened.complaints).toEqual([]);
  await using site = await foreignSite();
  await opened.page.goto(site.url);
  const framed = `new Promise((resolve) => {
    const frame = document.createElement('iframe');
    frame.addEventListener('load', () => { try { resolve(frame.contentDocument === null ? 'refused' : frame.contentDocument.title); } catch { resolve('refused'); } });
    frame.src = ${JSON.stringify(agentUrl)};
    document.body.append(frame);
  })`;
  await opened.page.evaluate(framed);
  expect(opened.page.frames().map((frame) => frame.url())).not.toContain(`${agentUrl}/`);
});
