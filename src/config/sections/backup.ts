import * as z from 'zod';
import { choice, duration, flag, integer, path, ratio, secretFile, size, text } from '../leaves.ts';
import { serverUrl } from '../receiver-url.ts';
import { schedule } from '../schedule.ts';
import { storeUrls } from '../store-url.ts';

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const mebibyte = 2 ** 20;
const tebibyte = 2 ** 40;

function policyMode(what: string) {
  const about = `Whether ${what}: \`off\`, \`plan\` (only publish it) or \`auto\`.`;
  return choice(about, ['off', 'plan', 'auto']).prefault('auto');
}

const s3Section = z
  .strictObject({
    endpoint: serverUrl('The server, where it is not Amazon.').exactOptional(),
    region: text(
      "The bucket's region. Left out: as the SDK finds it, and us-east-1 where an endpoint is set.",
      '1 to 64 letters, digits and dashes',
      /^[A-Za-z0-9-]{1,64}$/,
    ).exactOptional(),
    pathStyle: flag(
      'The bucket stands in the path and not in the host name: what most servers but Amazon need.',
    ).prefault(false),
    storageClass: text(
      'Storage class of what is put, where it is not the usual one of the bucket.',
      'a name such as STANDARD_IA or GLACIER_IR',
      /^[A-Z][A-Z0-9_]{0,63}$/,
    ).exactOptional(),
    sse: choice('How the server encrypts what lies in it.', ['none', 'sse-s3', 'sse-kms', 'sse-c']).prefault('none'),
    kmsKeyId: text(
      'Key of sse-kms, where it is not the usual one of the bucket.',
      'an id, an alias or an ARN',
      /^[!-~]{1,2048}$/,
    ).exactOptional(),
    sseCustomerKeyFile: secretFile(
      'Key of sse-c: 32 bytes, raw or in base64. Who loses it loses the backups.',
    ).exactOptional(),
    ca: path(
      "CA certificates (PEM) of the server. Left out: the system's. Read again when they change.",
    ).exactOptional(),
    checksums: choice(
      'How content is checked. `when-required`: for older servers without the newer checksums; an MD5 goes along instead.',
      ['when-supported', 'when-required'],
    ).prefault('when-supported'),
    accessKeyIdFile: secretFile(
      "File with the access key's id. Left out: the SDK's chain of credentials.",
    ).exactOptional(),
    secretAccessKeyFile: secretFile('File with the secret access key.').exactOptional(),
    sessionTokenFile: secretFile('File with the session token, where there is one.').exactOptional(),
    proxy: serverUrl("HTTP proxy to the server. The environment's proxy is never used.").exactOptional(),
    partSize: size(
      'Size of the parts of a large object; larger where there would be too many. Three are in memory.',
      5 * mebibyte,
      1024 * mebibyte,
    ).prefault('8MiB'),
    retryFor: duration('How long a request is tried again while the server is away.', 0, 7 * dayMs).prefault('1h30m'),
  })
  .meta({ description: 'How buckets are reached. Files of credentials are read again when they change.' })
  .transform(({ partSize, retryFor, ...rest }) => ({ ...rest, partBytes: partSize, retryForMs: retryFor }));

const spoolSection = z
  .strictObject({
    dir: path(
      "Folder for what is not yet in the store. Not on the device of etcd's WAL. Left out: there is none, and what the store does not take at once is read from etcd again.",
    ).exactOptional(),
    maxBytes: size('How large it may become.', 16 * mebibyte, tebibyte).prefault('4GiB'),
  })
  .meta({ description: 'What lies between etcd and a store that is slow or away.' });

const fullSection = z
  .strictObject({
    mode: policyMode('full snapshots are taken'),
    schedule: schedule('When a full snapshot is taken.').prefault('17 */6 * * *'),
    rateLimit: size(
      'How much of it is read from etcd in a second; 0: no limit. A higher rate slows writes while it runs.',
      0,
      100 * 1024 * mebibyte,
    ).prefault('20MiB'),
  })
  .meta({ description: 'Full snapshots.' })
  .transform(({ rateLimit, ...rest }) => ({ ...rest, rateLimitBytesPerSecond: rateLimit }));

const deltaSection = z
  .strictObject({
    mode: policyMode('changes are written to the store as they come'),
    interval: duration(
      'How long changes are gathered before they are written: what may be lost, against what requests cost. Left out: 1s to a folder, 5s to a bucket.',
      200,
      hourMs,
    ).exactOptional(),
    maxBytes: size('Changes are written before that when there are so many.', 64 * 1024, 256 * mebibyte).prefault(
      '8MiB',
    ),
    compactionWait: duration(
      'How long a compaction waits for changes that are not yet in the store.',
      0,
      dayMs,
    ).prefault('15m'),
  })
  .meta({ description: 'The stream of changes between full snapshots.' })
  .transform(({ interval, compactionWait, ...rest }) => ({
    ...rest,
    ...(interval === undefined ? {} : { intervalMs: interval }),
    compactionWaitMs: compactionWait,
  }));

function keptCount(what: string) {
  return integer(`Of how many ${what} before that one chain is kept.`, 0, 10_000);
}

const retentionSection = z
  .strictObject({
    mode: choice(
      'Whether the agent that backs up takes away every hour what is not kept: `off`, `plan` (only log what would go) or `auto`. `backup prune` does it whatever stands here.',
      ['off', 'plan', 'auto'],
    ).prefault('auto'),
    keepAll: duration('Everything younger than this is kept.', 0, 3650 * dayMs).prefault('1d'),
    hourly: keptCount('hours').prefault(48),
    daily: keptCount('days').prefault(14),
    weekly: keptCount('weeks').prefault(8),
    monthly: keptCount('months').prefault(12),
    maxBytes: size(
      'The oldest go when all of it is larger; never the newest verified chain, and never what is held.',
      mebibyte,
      1024 * tebibyte,
    ).exactOptional(),
    coldAfter: duration(
      'Snapshots and segments of 128 KiB and more move to coldClass when their chain is older than this; never those that a restore needs first. Only in buckets. Left out: they stay.',
      dayMs,
      3650 * dayMs,
    ).exactOptional(),
    coldClass: text(
      'Storage class for what is older than coldAfter. One that can be read at once: not GLACIER, not DEEP_ARCHIVE.',
      'a name such as STANDARD_IA or GLACIER_IR',
      /^[A-Z][A-Z0-9_]{0,63}$/,
    ).exactOptional(),
  })
  .meta({
    description:
      'What is kept. The newest verified chain is, whatever stands here. The agent that backs up prunes every hour, and `backup prune` does it at once.',
  })
  .transform(({ keepAll, coldAfter, ...rest }) => ({
    ...rest,
    keepAllMs: keepAll,
    ...(coldAfter === undefined ? {} : { coldAfterMs: coldAfter }),
  }));

const encryptionSection = z
  .strictObject({
    mode: choice(
      'How backups are encrypted: `age`: here, for the recipients; `sse-kms`: by the server alone; `none`: not at all. Left out: age where there are recipients, and none where all stores are folders.',
      ['age', 'none', 'sse-kms'],
    ).exactOptional(),
    recipientsFile: path(
      'Public keys of age, one a line: whoever has the identity of one can read the backups. Read again when it changes.',
    ).exactOptional(),
    identityFile: secretFile(
      'Identity of age, with which the agent can restore for a drill. Without it drills check hashes only.',
    ).exactOptional(),
  })
  .meta({ description: 'Encryption before anything leaves the machine.' });

const verifySection = z
  .strictObject({
    share: ratio('Share of what was put that is read back at once.').prefault(0.1),
  })
  .meta({
    description:
      'Proof that the store holds what was put: full snapshots, and changes as they come. `backup verify` reads everything.',
  });

const drillSection = z
  .strictObject({
    mode: policyMode('the newest chain is restored for real and compared with the cluster'),
    schedule: schedule('When.').prefault('43 3 * * *'),
    dir: path(
      'Folder for the restored copy: three times the size of the database, not on the device of the WAL; on tmpfs that is memory, beside the twice. Left out: the spool.',
    ).exactOptional(),
  })
  .meta({
    description:
      'Restore drills, on the machine of a follower: where there is twice the database in free memory and three times on the disk. With several stores each has its turn.',
  });

const lastGaspSection = z
  .strictObject({
    mode: choice('Whether each agent keeps what its own member has when the quorum is lost: `off` or `auto`.', [
      'off',
      'auto',
    ]).prefault('auto'),
    after: duration('For how long there must have been no quorum.', secondMs, dayMs).prefault('1m'),
    dir: path(
      "Folder for it, outside of etcd's data directory. Left out: `last-gasp` in the spool, else beside the data directory, with `.last-gasp` behind its name. Nothing is kept where less than 1.2 times its size is free.",
    ).exactOptional(),
    keep: integer('How many of the own member are kept: an older one goes when a newer one is whole.', 1, 100).prefault(
      2,
    ),
  })
  .meta({
    description:
      'What is kept for a recovery when the quorum is lost: on its own machine, by every agent, without a store. `mode: plan` keeps nothing.',
  })
  .transform(({ after, ...rest }) => ({ ...rest, afterMs: after }));

/** Backups: where, when, for how long. */
export const backupSection = z
  .strictObject({
    store: storeUrls('Where backups go. Without one nothing is backed up; with several each has all of it.').prefault(
      [],
    ),
    s3: s3Section.prefault({}),
    spool: spoolSection.prefault({}),
    full: fullSection.prefault({}),
    delta: deltaSection.prefault({}),
    retention: retentionSection.prefault({}),
    encryption: encryptionSection.prefault({}),
    verify: verifySection.prefault({}),
    drill: drillSection.prefault({}),
    lastGasp: lastGaspSection.prefault({}),
  })
  .meta({ description: 'Backups: full snapshots, the changes between them, and the proof that they can be restored.' });
