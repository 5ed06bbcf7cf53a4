import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Latencies of many scrapes, in ms. */
export interface ScrapeFigures {
  readonly scrapes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly bytes: number;
}

const warmUpRounds = 10;
const pauseMs = 100;

async function scrapeOnce(url: string, agent: Agent): Promise<{ readonly ms: number; readonly bytes: number }> {
  const startMs = performance.now();
  return await new Promise((resolve, reject) => {
    get(url, { agent, headers: { 'accept-encoding': 'gzip', accept: 'text/plain' } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve({ ms: performance.now() - startMs, bytes }));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/**
 * Scrapes one page with so many scrapers at the same instant, `rounds` times with a pause between, over connections that
 * stay open: what Prometheus servers do that happen to meet. The first rounds are not counted: they open the connections
 * and warm up this client, whose own time is in every figure.
 */
export async function scrape(url: string, scrapers: number, rounds: number): Promise<ScrapeFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: scrapers });
  const times: number[] = [];
  let bytes = 0;
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const figures = await Promise.all(Array.from({ length: scrapers }, () => scrapeOnce(url, agent)));
    if (round >= 0) {
      times.push(...figures.map(({ ms }) => ms));
    }
    bytes = figures[0]?.bytes ?? 0;
    await sleep(pauseMs);
  }
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { scrapes: times.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), bytes };
}
