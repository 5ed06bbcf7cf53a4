import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { median } from '../backup/target.ts';

const POLL_MS = 50;

/** Of which one in twenty is longer. */
export function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? Number.NaN;
}

/** Some times in a line. */
export function spread(ms: readonly number[]): string {
  return `median ${median(ms).toFixed(0)} ms, p95 ${p95(ms).toFixed(0)} ms, longest ${Math.max(...ms).toFixed(0)} ms of ${ms.length}`;
}

/** Waits until an expression in a page has a value, a number. Asked from here: the page's policy lets it evaluate no text by itself. */
export async function numberIn(page: Page, expression: string, timeoutMs: number): Promise<number> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    const value = await page.evaluate<number | null>(`(${expression}) ?? null`);
    if (value !== null) return value;
    if (performance.now() > untilMs) throw new Error(`the page never had ${expression}`);
    await sleep(POLL_MS);
  }
}
