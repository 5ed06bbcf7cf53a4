import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a person would have got: one alert that began or ended. */
export interface Told {
  readonly receiver: string;
  readonly alert: string;
  readonly status: 'firing' | 'resolved';
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of the monotonic clock. */
  readonly atMs: number;
}

interface Notification {
  readonly receiver: string;
  readonly alerts: readonly {
    readonly status: Told['status'];
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** The webhook at the end of the way, which remembers what it is told. */
export interface Inbox extends AsyncDisposable {
  readonly url: string;
  readonly told: readonly Told[];
  /** The first time since `sinceMs` that this alert was told to be so; rejects after `patienceMs`, or as the signal ends. */
  until(alert: string, status: Told['status'], sinceMs: number, patienceMs: number): Promise<Told>;
}

/** Starts one on loopback. */
export async function openInbox(): Promise<Inbox> {
  const told: Told[] = [];
  const server = createServer((request, response) => {
    void json(request).then(
      (body) => {
        const { receiver, alerts } = body as Notification;
        const atMs = performance.now();
        for (const { status, labels, annotations } of alerts) {
          const { alertname: alert = '', severity = '' } = labels;
          told.push({ receiver, alert, status, severity, labels, annotations, atMs });
        }
        response.end();
      },
      () => response.destroy(),
    );
  });
  // A connection that is closed just as it is used again would cost a retry, and be measured.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    told,
    until: async (alert, status, sinceMs, patienceMs) => {
      const endMs = performance.now() + patienceMs;
      for (;;) {
        const found = told.find((each) => each.alert === alert && each.status === status && each.atMs >= sinceMs);
        if (found !== undefined) return found;
        if (performance.now() > endMs) {
          const others = new Set(
            told.filter(({ atMs }) => atMs >= sinceMs).map((each) => `${each.alert} ${each.status}`),
          );
          throw new Error(
            `${alert} was not ${status} within ${patienceMs / 1000} s; told: ${[...others].join(', ') || 'nothing'}`,
          );
        }
        await sleep(20);
      }
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
