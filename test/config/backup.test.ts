import { describe, expect, it } from 'vitest';
import { linesOf, load, minimal, problemsOf } from './loading.ts';

const gibibyte = 2 ** 30;
const hourMs = 3_600_000;

describe('the keys of backups', () => {
  it('have defaults with which nothing is backed up', async () => {
    const { config, origins } = await load({});
    expect(config.backup).toEqual({
      store: [],
      s3: {
        pathStyle: false,
        sse: 'none',
        checksums: 'when-supported',
        partBytes: 8_388_608,
        retryForMs: 1.5 * hourMs,
      },
      spool: { maxBytes: 4 * gibibyte },
      full: {
        mode: 'auto',
        schedule: { crontab: '17 */6 * * *', timezone: 'UTC', text: '17 */6 * * *' },
        rateLimitBytesPerSecond: 20 * 2 ** 20,
      },
      delta: { mode: 'auto', maxBytes: 8_388_608, compactionWaitMs: 900_000 },
      retention: { mode: 'auto', keepAllMs: 24 * hourMs, hourly: 48, daily: 14, weekly: 8, monthly: 12 },
      encryption: { mode: 'none' },
      verify: { share: 0.1 },
      drill: { mode: 'auto', schedule: { crontab: '43 3 * * *', timezone: 'UTC', text: '43 3 * * *' } },
      lastGasp: { mode: 'auto', afterMs: 60_000, dir: '/var/lib/etcd.last-gasp', keep: 2 },
    });
    expect(origins.get('backup.encryption.mode')).toEqual({ derivedFrom: 'backup.store' });
  });

  it('take one store or several, from the file, the environment and flags', async () => {
    const urls = ['file:///var/backups/etcd', 's3://bucket-1/some/prefix'];
    const unencrypted = { 'backup.encryption.mode': 'none' };
    const given = [
      { yaml: `${minimal}backup: {store: ["${urls[0]}", "${urls[1]}"]}\n`, flags: unencrypted },
      { env: { ETCD_CARETAKER_BACKUP__STORE: urls.join(', ') }, flags: unencrypted },
      { flags: { 'backup.store': urls.join(','), ...unencrypted } },
    ];
    for (const each of given) expect((await load(each)).config.backup.store).toEqual(urls);
    const one = await load({ yaml: `${minimal}backup: {store: "${urls[0]}"}\n` });
    expect(one.config.backup.store).toEqual([urls[0]]);
  });

  it('keep last gasps in the spool, where there is one, and else beside the data dir', async () => {
    const spooled = await load({ flags: { 'backup.spool.dir': '/mnt/spool/' } });
    expect(spooled.config.backup.lastGasp.dir).toBe('/mnt/spool/last-gasp');
    expect(spooled.origins.get('backup.lastGasp.dir')).toEqual({ derivedFrom: 'backup.spool.dir' });
    const beside = await load({ flags: { 'member.dataDir': '/data/m1/' } });
    expect(beside.config.backup.lastGasp.dir).toBe('/data/m1.last-gasp');
    expect(beside.origins.get('backup.lastGasp.dir')).toEqual({ derivedFrom: 'member.dataDir' });
    const inside = await load({ flags: { 'backup.spool.dir': '/var/lib/etcd/spool' } });
    expect(inside.config.backup.lastGasp.dir).toBe('/var/lib/etcd.last-gasp');
    const set = await load({ flags: { 'backup.spool.dir': '/mnt/spool', 'backup.lastGasp.dir': '/var/lib/etcd2' } });
    expect(set.config.backup.lastGasp.dir).toBe('/var/lib/etcd2');
  });

  it('know a schedule in a time zone', async () => {
    const yaml = `${minimal}backup: {drill: {schedule: "30  3 * * 6 in Europe/Berlin"}}\n`;
    const { schedule } = (await load({ yaml })).config.backup.drill;
    expect(schedule).toMatchObject({ crontab: '30 3 * * 6', timezone: 'Europe/Berlin' });
  });

  it.each([
    ['store: /var/backups', 'backup.store: a path is written with file:// before it'],
    ['store: [file://relative]', 'backup.store[0]: it names no folder'],
    ['store: [file:///a, "file:///"]', 'backup.store[1]: it names no folder'],
    ['store: [https://bucket/x]', 'it begins neither with file:// nor with s3://'],
    ['store: [s3://Bucket/x]', 'its bucket has no valid name'],
    ['store: ["s3://bucket:9000/x"]', 'its bucket has no valid name'],
    ['store: 5', 'it is neither text nor a list of texts'],
    ['s3: {endpoint: minio:9000}', 'backup.s3.endpoint: it does not begin with http'],
    ['s3: {endpoint: "http://minio:9000/path"}', 'it has a path'],
    ['s3: {partSize: 1MiB}', 'it is too small'],
    ['s3: {storageClass: cheap}', 'it does not fit'],
    ['full: {schedule: hourly}', 'its time has 1 fields, not 5'],
    ['full: {schedule: "0 * * * * in Mars/North"}', '"Mars/North" is not a time zone'],
    ['delta: {interval: 10ms}', 'it is too small'],
    ['retention: {hourly: -1}', 'it is too small'],
    ['verify: {share: 50}', 'it is too large'],
    ['encryption: {mode: aes}', 'it is none of these words'],
  ])('are checked: %s', async (yaml, said) => {
    const [line = ''] = await linesOf({ yaml: `${minimal}backup: {${yaml}}\n` });
    expect(line).toMatch(/^agent\.yaml:4: /);
    expect(line).toContain(said);
  });

  it.each(['s3://AKIAKEY:s3cret@bucket', 's3://bucket/x?secret=s3cret', 's3cret@s3://bucket', 'file:///x#s3cret'])(
    'never show a store that is wrong: %s',
    async (url) => {
      const [line = ''] = await linesOf({ yaml: `${minimal}backup: {store: ["${url}"]}\n` });
      expect(line).toContain('backup.store[0]: ');
      expect(line).not.toContain('s3cret');
    },
  );
});

describe('how backups are encrypted', () => {
  it('is by age where there are recipients', async () => {
    const flags = { 'backup.store': 's3://bucket', 'backup.encryption.recipientsFile': '/etc/recipients' };
    const { config, origins } = await load({ flags });
    expect(config.backup.encryption.mode).toBe('age');
    expect(origins.get('backup.encryption.mode')).toEqual({ derivedFrom: 'backup.encryption.recipientsFile' });
  });

  it.each([
    ['store: [file:///x, s3://bucket]', 'backup.store', 'what is in etcd would leave this machine unencrypted'],
    ['encryption: {mode: age}', 'backup.encryption.mode', 'it is age, but nobody is named who could decrypt'],
    ['encryption: {mode: none, recipientsFile: /r}', 'backup.encryption.mode', 'it is none, but there are recipients'],
    [
      'store: s3://bucket, encryption: {mode: sse-kms}',
      'backup.encryption.mode',
      'it is sse-kms, but the server is not told so',
    ],
    ['s3: {sse: sse-c}', 'backup.s3.sse', 'it is sse-c without backup.s3.sseCustomerKeyFile'],
    ['s3: {sseCustomerKeyFile: /k}', 'backup.s3.sseCustomerKeyFile', 'it is set, but backup.s3.sse is not sse-c'],
    ['s3: {kmsKeyId: k}', 'backup.s3.kmsKeyId', 'it is set, but backup.s3.sse is not sse-kms'],
    ['s3: {accessKeyIdFile: /a}', 'backup.s3.accessKeyIdFile', 'it is set without backup.s3.secretAccessKeyFile'],
    ['s3: {sessionTokenFile: /t}', 'backup.s3.sessionTokenFile', 'it is set without backup.s3.accessKeyIdFile'],
    ['lastGasp: {dir: /var/lib/etcd/gasps}', 'backup.lastGasp.dir', 'it lies in member.dataDir'],
    ['spool: {dir: /var/lib/etcd/member/wal}', 'backup.spool.dir', "it is the folder of etcd's WAL"],
    ['retention: {coldAfter: 30d}', 'backup.retention.coldAfter', 'it is set without backup.retention.coldClass'],
    [
      'retention: {coldClass: STANDARD_IA}',
      'backup.retention.coldClass',
      'it is set without backup.retention.coldAfter',
    ],
    [
      'retention: {coldAfter: 30d, coldClass: GLACIER}',
      'backup.retention.coldClass',
      'nothing in GLACIER can be read before hours: neither a restore nor backup verify could',
    ],
    ['store: [file:///x, file:///x]', 'backup.store', 'a store is named twice'],
  ])('and its keys may not contradict each other: %s', async (yaml, key, message) => {
    expect(await problemsOf(load({ yaml: `${minimal}backup: {${yaml}}\n` }))).toMatchObject([
      { code: 'CONTRADICTION', key, message },
    ]);
  });

  it('may be none in a bucket where somebody says so', async () => {
    const { config } = await load({ flags: { 'backup.store': 's3://bucket', 'backup.encryption.mode': 'none' } });
    expect(config.backup.encryption.mode).toBe('none');
  });
});
