import { describe, expect, it } from 'vitest';
import { linesOf, load, minimal } from './loading.ts';

describe('the keys of acting', () => {
  it('have defaults with which the agents act', async () => {
    const { config } = await load({});
    expect(config.mode).toBe('auto');
    expect(config.member.role).toBe('default');
    expect(config.lead).toEqual({ ttlMs: 10_000 });
    expect(config.maintenance).toMatchObject({
      windows: [],
      operationsPerDay: 24,
      armAfterMs: 1_800_000,
      breakerFailures: 3,
      compaction: { mode: 'auto', keepMs: 3_600_000, keepRevisions: 10_000, minRevisions: 1000, coolDownMs: 300_000 },
      defrag: { minReclaimableBytes: 104_857_600, minReclaimableRatio: 0.45, settleMs: 30_000, withoutSpare: false },
      nospace: { mode: 'auto', compactOlderThanMs: 600_000, disarmBelowRatio: 0.8 },
      moveLeader: { factor: 4, minFsyncMs: 25, minRttMs: 50, rounds: 6, coolDownMs: 3_600_000 },
      hashCheck: { everyMs: 86_400_000, maxStallMs: 1000 },
    });
    expect(config.notify).toEqual({ alertmanager: [], webhooks: [], timeoutMs: 5000 });
  });

  it('take windows from a list in the file, and apart by semicolons from the environment and from flags', async () => {
    const texts = ['0 2 * * 1,3 for 2h', '30 1 * * 6 for 4h in Europe/Berlin'];
    const yaml = `${minimal}maintenance:\n  windows:\n    - ${texts[0]}\n    - ${texts[1]}\n`;
    const env = { ETCD_CARETAKER_MAINTENANCE__WINDOWS: texts.join('; ') };
    for (const given of [{ yaml }, { env }, { flags: { 'maintenance.windows': texts.join(';') } }]) {
      const { windows } = (await load(given)).config.maintenance;
      expect(windows.map(({ text }) => text)).toEqual(texts);
      expect(windows[1]).toMatchObject({ start: '30 1 * * 6', timezone: 'Europe/Berlin' });
    }
  });

  it('say which window is wrong, where it stands and what is allowed', async () => {
    const yaml = `${minimal}maintenance:\n  windows:\n    - 0 2 * * * for 2h\n    - 0 25 * * * for 2h\n`;
    const [line = ''] = await linesOf({ yaml });
    expect(line).toMatch(
      /^agent\.yaml:7: maintenance\.windows\[1\]: its hour 25 is not from 0 to 23; found "0 25 \* \* \* for 2h"; allowed: a list of texts, each a crontab time/,
    );
  });

  it('take shares and factors with a fraction, also from the environment', async () => {
    const env = {
      ETCD_CARETAKER_MAINTENANCE__DEFRAG__MIN_RECLAIMABLE_RATIO: '0.25',
      ETCD_CARETAKER_MAINTENANCE__MOVE_LEADER__FACTOR: '2.5',
    };
    const { maintenance } = (await load({ env })).config;
    expect([maintenance.defrag.minReclaimableRatio, maintenance.moveLeader.factor]).toEqual([0.25, 2.5]);
  });

  it('take `off` for the word that it is in YAML 1.2, and 0s for arming at once', async () => {
    const yaml = `${minimal}maintenance: {compaction: {mode: off}, armAfter: 0s}\n`;
    const { maintenance } = (await load({ yaml })).config;
    expect([maintenance.compaction.mode, maintenance.armAfterMs]).toEqual(['off', 0]);
  });

  it.each([
    ['mode: on', 'mode: it is none of these words; found "on"; allowed: auto or plan'],
    ['lead: {ttl: 1s}', 'lead.ttl: it is too small; found "1s"; allowed: a duration from 2s to 5m'],
    ['lead: {ttl: 6m}', 'lead.ttl: it is too large'],
    [
      'maintenance: {nospace: {compactOlderThan: 30ms}}',
      'maintenance.nospace.compactOlderThan: it is too small; found "30ms"; allowed: a duration from 1s to 30d',
    ],
    [
      'maintenance: {defrag: {minReclaimableRatio: 45}}',
      'it is too large; found 45; allowed: a share from 0.01 to 0.99 (0.5 is half)',
    ],
    ['maintenance: {defrag: {minReclaimableRatio: 45%}}', 'it is not a number; found "45%"'],
    ['maintenance: {moveLeader: {factor: 1}}', 'it is too small; found 1; allowed: a number from 1.5 to 1000'],
    ['maintenance: {windows: 0 2 * * * for 2h}', 'it is not a list of texts; found "0 2 * * * for 2h"'],
    ['maintenance: {compaction: {mode: yes}}', 'it is none of these words; found "yes"; allowed: off or plan or auto'],
    ['notify: {alertmanager: ["am:9093"]}', 'notify.alertmanager[0]: it does not begin with http'],
    ['operate: {pauseFile: pause}', 'operate.pauseFile: it is not an absolute path'],
  ])('are checked: %s', async (yaml, said) => {
    const [line = ''] = await linesOf({ yaml: `${minimal}${yaml}\n` });
    expect(line).toMatch(/^agent\.yaml:4: /);
    expect(line).toContain(said);
  });

  it('never show the URL of a webhook that is wrong, since it may hold a secret', async () => {
    const [line = ''] = await linesOf({ yaml: `${minimal}notify: {webhooks: ["https://a/x?key=s3cret"]}\n` });
    expect(line).toContain('it has a query or a fragment');
    expect(line).toContain('notify.webhookFile');
    expect(line).not.toContain('s3cret');
  });
});

describe('the pause file', () => {
  it('is beside the socket unless it is set', async () => {
    const flags = { 'expose.socket': '/run/x/y.sock' };
    const { config, origins } = await load({ flags });
    expect(config.operate.pauseFile).toBe('/run/x/a.pause');
    expect(origins.get('operate.pauseFile')).toEqual({ derivedFrom: 'expose.socket' });
    const set = await load({ flags: { ...flags, 'operate.pauseFile': '/etc/pause' } });
    expect(set.config.operate.pauseFile).toBe('/etc/pause');
  });
});
