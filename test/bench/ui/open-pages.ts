import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { type OpenedPage, openPage } from '../../e2e/ui/opened-page.ts';
import { cardOf } from '../../e2e/ui/page-parts.ts';
import { median, targetLine } from '../backup/target.ts';
import { processUse } from '../processes.ts';
import type { ShownGround } from './shown-ground.ts';

const CPU_PERCENT_AT_MOST = 5;
const MEMORY_MB_AT_MOST = 20;
/** The others are plain clients that read the stream as the page does: fifty browsers would measure the machine. */
const REAL_PAGES = 5;
const SETTLE_MS = 10_000;
const SAMPLE_MS = 1000;

/** What an agent used in a while. */
interface Used {
  /** Of one core. */
  readonly cpuPercent: number;
  /** The median of what it had in memory. */
  readonly residentBytes: number;
}

/** What an agent uses with so many open pages, beside what it uses without any before and after, in the same run. */
export async function openPages(ground: ShownGround, browser: Browser, count: number, seconds: number): Promise<void> {
  const { agentUrl, agentPid = 0 } = ground.cluster.member('m2');
  const before = await used(agentPid, seconds);
  let read = 0;
  const open = await opened(browser, agentUrl, count, (bytes) => {
    read += bytes;
  });
  await sleep(SETTLE_MS);
  const fromBytes = read;
  const during = await used(agentPid, seconds);
  const streamed = (read - fromBytes) / seconds / (count - open.pages);
  await open.close();
  await sleep(SETTLE_MS);
  const after = await used(agentPid, seconds);
  console.log(
    `without: ${inWords(before)}; with ${count} (${open.pages} of them in a browser): ${inWords(during)}; without again: ${inWords(after)}`,
  );
  console.log(`a stream carries ${(streamed / 1024).toFixed(1)} KiB a second`);
  const morePercent = during.cpuPercent - (before.cpuPercent + after.cpuPercent) / 2;
  const moreMb = (during.residentBytes - before.residentBytes) / 1e6;
  console.log(targetLine(`${count} open pages, CPU more`, morePercent, '% of a core', { atMost: CPU_PERCENT_AT_MOST }));
  console.log(targetLine(`${count} open pages, memory more`, moreMb, 'MB', { atMost: MEMORY_MB_AT_MOST }));
}

async function used(pid: number, seconds: number): Promise<Used> {
  const from = processUse(pid);
  const fromMs = performance.now();
  const resident: number[] = [];
  while (performance.now() < fromMs + seconds * 1000) {
    await sleep(SAMPLE_MS);
    resident.push(processUse(pid).residentBytes);
  }
  const cpuSeconds = processUse(pid).cpuSeconds - from.cpuSeconds;
  return {
    cpuPercent: (100 * cpuSeconds) / ((performance.now() - fromMs) / 1000),
    residentBytes: median(resident),
  };
}

function inWords({ cpuPercent, residentBytes }: Used): string {
  return `${cpuPercent.toFixed(2)} % of a core, ${(residentBytes / 1e6).toFixed(0)} MB`;
}

async function opened(
  browser: Browser,
  url: string,
  count: number,
  read: (bytes: number) => void,
): Promise<{ readonly pages: number; readonly close: () => Promise<void> }> {
  const pages: OpenedPage[] = [];
  while (pages.length < Math.min(REAL_PAGES, count)) {
    const one = await openPage(browser, url);
    pages.push(one);
    await cardOf(one.page, 'm1').waitFor();
  }
  const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  // What a browser takes, costs the agent more than what is easiest for us.
  const headers = { accept: 'text/event-stream', 'accept-encoding': 'gzip, deflate, br, zstd' };
  const streams: IncomingMessage[] = [];
  while (streams.length < count - pages.length) {
    const asked = get(`${url}/api/v1/stream`, { agent, headers });
    const [reply] = (await once(asked, 'response')) as [IncomingMessage];
    if (reply.statusCode !== 200) throw new Error(`stream ${streams.length + 1} was answered with ${reply.statusCode}`);
    reply.on('data', (piece: Buffer) => read(piece.length));
    streams.push(reply);
  }
  return {
    pages: pages.length,
    close: async () => {
      for (const stream of streams) stream.destroy();
      agent.destroy();
      for (const page of pages) await page.close();
    },
  };
}
