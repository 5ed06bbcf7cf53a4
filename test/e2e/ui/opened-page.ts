import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page in a context of its own, and all that it asked for and complained about since. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  /** URLs of all requests, in their order. */
  readonly requests: readonly string[];
  /** Errors of its console, breaches of its policy among them, and of its scripts. */
  readonly complaints: readonly string[];
  /** What has come over the wire so far of the page itself, headers too; what the API answers is not counted. */
  filesBytes(): number;
  close(): Promise<void>;
}

/** What the browser says where an agent is gone, or refuses something; and of what it does only for an origin that it trusts. */
const isOfTheNetwork = (text: string): boolean =>
  /^(Failed to load resource|The Cross-Origin-Opener-Policy header has been ignored)/.test(text);

/** Opens the page of an agent at this URL. Whoever opens it closes it. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const requests: string[] = [];
  const complaints: string[] = [];
  let filesBytes = 0;
  try {
    const page = await context.newPage();
    page.on('request', (request) => requests.push(request.url()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !isOfTheNetwork(message.text())) complaints.push(message.text());
    });
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    const files = new Set<string>();
    session.on('Network.responseReceived', ({ requestId, response }) => {
      if (!new URL(response.url).pathname.startsWith('/api/')) files.add(requestId);
    });
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (files.has(requestId)) filesBytes += encodedDataLength;
    });
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    const close = () => context.close();
    return { page, requests, complaints, filesBytes: () => filesBytes, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await context.close();
    throw error;
  }
}
