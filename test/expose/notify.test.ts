import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../src/cluster/observation.ts';
import { resumed } from '../../src/expose/notify/event.ts';
import type { ReceiverName } from '../../src/expose/notify/receiver.ts';
import { createNotifier, type Notifier, type NotifierOptions } from '../../src/expose/notify.ts';
import { freePort } from '../real/ports.ts';
import { hearingServer } from './notify/hearing-server.ts';
import { temporaryFolder } from './support/server.ts';

const patient = { timeout: 30_000 };
const opened: Notifier[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close(AbortSignal.abort())));
});

interface Told {
  readonly notifier: Notifier;
  readonly faults: readonly (ReceiverName & { readonly fault: Fault })[];
  readonly recovered: readonly ReceiverName[];
}

function notifier(options: Partial<NotifierOptions> = {}): Told {
  const faults: (ReceiverName & { readonly fault: Fault })[] = [];
  const recovered: ReceiverName[] = [];
  const made = createNotifier({
    cluster: 'prod',
    member: 'm1',
    alertmanager: [],
    webhooks: [],
    timeoutMs: 20_000,
    onFault: (receiver, fault) => faults.push({ ...receiver, fault }),
    onRecovery: (receiver) => recovered.push(receiver),
    ...options,
    patience: { firstWaitMs: 5, longestWaitMs: 20, ...options.patience },
  });
  opened.push(made);
  return { notifier: made, faults, recovered };
}

/** The n-th of a row of events. */
function event(n: number) {
  return resumed(`person ${n}`, n);
}

function byOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'by' in body ? body.by : undefined;
}

describe('a notifier', () => {
  it('tells every webhook each event once, in order', async () => {
    await using one = await hearingServer();
    await using other = await hearingServer();
    const { notifier: notify } = notifier({ webhooks: [`${one.url}/a`, `${other.url}/b/c`] });
    for (let n = 0; n < 20; n += 1) notify.send(event(n));
    for (const { heard, path } of [
      { ...one, path: '/a' },
      { ...other, path: '/b/c' },
    ]) {
      await vi.waitFor(() => expect(heard).toHaveLength(20), patient);
      expect(heard.map(({ body }) => byOf(body))).toEqual(Array.from({ length: 20 }, (_, n) => `person ${n}`));
      expect(heard[0]).toMatchObject({ path, headers: { 'content-type': 'application/json' } });
    }
    expect(notify.counts()).toEqual([{ receiver: 'webhook', failures: 0, dropped: 0 }]);
  });

  it('tells every Alertmanager by its API v2, behind whatever prefix', async () => {
    await using server = await hearingServer();
    const { notifier: notify } = notifier({ alertmanager: [`${server.url}/prefix/`] });
    notify.send(event(1));
    await vi.waitFor(() => expect(server.heard).toHaveLength(1), patient);
    expect(server.heard[0]).toMatchObject({
      path: '/prefix/api/v2/alerts',
      body: [{ labels: { alertname: 'EtcdCaretakerPaused', cluster: 'prod' } }],
    });
  });

  it('tries again after failures, keeps the order meanwhile, and says when it works again', async () => {
    await using server = await hearingServer((response, attempt) => {
      response.statusCode = attempt <= 3 ? ([500, 503, 429][attempt - 1] ?? 500) : 200;
      response.end();
    });
    const { notifier: notify, faults, recovered } = notifier({ webhooks: [server.url] });
    notify.send(event(1));
    notify.send(event(2));
    await vi.waitFor(() => expect(server.heard).toHaveLength(5), patient);
    expect(server.heard.map(({ body }) => byOf(body))).toEqual([
      ...Array.from({ length: 4 }, () => 'person 1'),
      'person 2',
    ]);
    const ids = server.heard.map(({ body }) => (body as { deliveryId: string }).deliveryId);
    expect(new Set(ids).size).toBe(2);
    await vi.waitFor(() => expect(recovered).toEqual([{ kind: 'webhook', host: server.host }]), patient);
    expect(faults.map(({ fault }) => fault.code)).toEqual(Array.from({ length: 3 }, () => 'NOTIFY_REFUSED'));
    expect(notify.counts()).toEqual([{ receiver: 'webhook', failures: 3, dropped: 0 }]);
  });

  it('does not wait for one that hangs, and tries it again', async () => {
    await using server = await hearingServer((response, attempt) => {
      if (attempt > 1) response.end();
    });
    const { notifier: notify, faults } = notifier({ webhooks: [server.url], timeoutMs: 200 });
    notify.send(event(1));
    await vi.waitFor(() => expect(server.heard.length).toBeGreaterThan(1), patient);
    expect(faults[0]?.fault).toMatchObject({ code: 'NOTIFY_TIMEOUT' });
  });

  it('one receiver that is down keeps no other from being told', async () => {
    await using server = await hearingServer();
    const down = `http://127.0.0.1:${await freePort()}`;
    const { notifier: notify, faults } = notifier({ webhooks: [down, server.url] });
    notify.send(event(1));
    notify.send(event(2));
    await vi.waitFor(() => expect(server.heard).toHaveLength(2), patient);
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(0), patient);
    expect(faults[0]?.fault).toMatchObject({ code: 'NOTIFY_FAILED', message: expect.stringContaining('ECONNREFUSED') });
  });

  it('gives an event up that the receiver refuses for good, and goes on with the next', async () => {
    await using server = await hearingServer((response, attempt) => {
      response.statusCode = attempt === 1 ? 400 : 200;
      response.end();
    });
    const { notifier: notify } = notifier({ webhooks: [server.url] });
    notify.send(event(1));
    notify.send(event(2));
    await vi.waitFor(
      () => expect(server.heard.map(({ body }) => byOf(body))).toEqual(['person 1', 'person 2']),
      patient,
    );
    expect(notify.counts()).toEqual([{ receiver: 'webhook', failures: 1, dropped: 1 }]);
  });

  it('does not follow a redirect: what it says is for nobody else', async () => {
    await using elsewhere = await hearingServer();
    await using server = await hearingServer((response) => {
      response.writeHead(307, { location: elsewhere.url }).end();
    });
    const { notifier: notify } = notifier({ webhooks: [server.url] });
    notify.send(event(1));
    await vi.waitFor(() => expect(notify.counts()[0]?.dropped).toBe(1), patient);
    expect(elsewhere.heard).toEqual([]);
  });

  it('gives an event up that is too old', async () => {
    await using server = await hearingServer((response) => {
      response.statusCode = 500;
      response.end();
    });
    const { notifier: notify } = notifier({ webhooks: [server.url], patience: { giveUpMs: 0 } });
    notify.send(event(1));
    await vi.waitFor(
      () => expect(notify.counts()).toEqual([{ receiver: 'webhook', failures: 1, dropped: 1 }]),
      patient,
    );
  });

  it('drops the oldest where too many wait, but not the one that is being told', async () => {
    const first = Promise.withResolvers<void>();
    await using server = await hearingServer((response, attempt) => {
      if (attempt > 1) response.end();
      else void first.promise.then(() => response.end());
    });
    const { notifier: notify } = notifier({ webhooks: [server.url], patience: { mostWaiting: 3 } });
    notify.send(event(1));
    await vi.waitFor(() => expect(server.heard).toHaveLength(1), patient);
    for (let n = 2; n <= 6; n += 1) notify.send(event(n));
    expect(notify.counts()[0]?.dropped).toBe(3);
    first.resolve();
    await vi.waitFor(() => expect(server.heard).toHaveLength(3), patient);
    expect(server.heard.map(({ body }) => byOf(body))).toEqual(['person 1', 'person 5', 'person 6']);
  });

  it('shows of a URL only its host, whatever fails', async () => {
    await using server = await hearingServer((response) => {
      response.statusCode = 403;
      response.end('s3cret');
    });
    const folder = await temporaryFolder();
    const file = join(folder, 'webhooks');
    await writeFile(file, `${server.url}/s3cret?token=s3cret\nhttp://s3cret.example.invalid:1x/\ns3cret\n`);
    const down = `http://127.0.0.1:${await freePort()}/s3cret`;
    const { notifier: notify, faults } = notifier({ webhooks: [down, 'http://127.0.0.1:1/s3cret'], webhookFile: file });
    notify.send(event(1));
    await vi.waitFor(() => expect(faults.some(({ fault }) => fault.code === 'NOTIFY_REFUSED')).toBe(true), patient);
    await vi.waitFor(() => expect(faults.length).toBeGreaterThan(4), patient);
    expect(JSON.stringify(faults)).not.toContain('s3cret');
    expect(JSON.stringify(faults)).toContain('Line 2 of');
  });

  it('does nothing without receivers', () => {
    const { notifier: notify } = notifier();
    notify.send(event(1));
    expect(notify.counts()).toEqual([]);
  });

  it('tells only Alertmanagers what merely stands as before', async () => {
    await using alertmanager = await hearingServer();
    await using webhook = await hearingServer();
    const { notifier: notify } = notifier({ alertmanager: [alertmanager.url], webhooks: [webhook.url] });
    notify.send({ ...event(1), repeated: true });
    notify.send(event(2));
    await vi.waitFor(() => expect(alertmanager.heard).toHaveLength(2), patient);
    await vi.waitFor(() => expect(webhook.heard).toHaveLength(1), patient);
    expect(byOf(webhook.heard[0]?.body)).toBe('person 2');
  });
});

describe('webhooks in a file', () => {
  it('are read anew for each event, and stay as they were while the file cannot be read', async () => {
    await using one = await hearingServer();
    await using other = await hearingServer();
    const file = join(await temporaryFolder(), 'webhooks');
    await writeFile(file, `# the chat\n\n${one.url}/x?key=1\r\n`);
    const { notifier: notify, faults } = notifier({ webhookFile: file });
    notify.send(event(1));
    await vi.waitFor(() => expect(one.heard).toHaveLength(1), patient);
    expect(one.heard[0]?.path).toBe('/x?key=1');
    await rm(file);
    notify.send(event(2));
    await vi.waitFor(() => expect(one.heard).toHaveLength(2), patient);
    expect(faults.map(({ host, fault }) => [host, fault.code])).toEqual([['notify.webhookFile', 'WEBHOOK_FILE']]);
    await writeFile(file, other.url);
    notify.send(event(3));
    await vi.waitFor(() => expect(other.heard).toHaveLength(1), patient);
    expect(one.heard).toHaveLength(2);
  });
});

describe('the end of a notifier', () => {
  it('tells what is left', async () => {
    await using server = await hearingServer();
    const file = join(await temporaryFolder(), 'webhooks');
    await writeFile(file, `${server.url}/listed`);
    const { notifier: notify } = notifier({ webhooks: [`${server.url}/fixed`], webhookFile: file, graceMs: 30_000 });
    for (let n = 0; n < 5; n += 1) notify.send(event(n));
    await notify.close();
    expect(server.heard).toHaveLength(10);
    notify.send(event(6));
    expect(notify.counts()[0]?.dropped).toBeGreaterThan(0);
    expect(server.heard).toHaveLength(10);
  });

  it('tries what has failed once more at once, and does not wait any longer', async () => {
    await using server = await hearingServer((response, attempt) => {
      response.statusCode = attempt === 1 ? 500 : 200;
      response.end();
    });
    const { notifier: notify } = notifier({
      webhooks: [server.url],
      graceMs: 30_000,
      patience: { firstWaitMs: 3_600_000, longestWaitMs: 3_600_000 },
    });
    notify.send(event(1));
    await vi.waitFor(() => expect(notify.counts()[0]?.failures).toBe(1), patient);
    await notify.close();
    expect(server.heard).toHaveLength(2);
    expect(notify.counts()[0]?.dropped).toBe(0);
  });

  it.each([
    ['its grace', 50, undefined],
    ['the signal', 3_600_000, 50],
  ])('does not wait beyond %s for one that hangs', async (_, graceMs, signalMs) => {
    await using server = await hearingServer(() => undefined);
    const { notifier: notify } = notifier({ webhooks: [server.url], graceMs, timeoutMs: 3_600_000 });
    notify.send(event(1));
    notify.send(event(2));
    await vi.waitFor(() => expect(server.heard).toHaveLength(1), patient);
    await notify.close(signalMs === undefined ? undefined : AbortSignal.timeout(signalMs));
    expect(notify.counts()[0]?.dropped).toBe(2);
  });
});
