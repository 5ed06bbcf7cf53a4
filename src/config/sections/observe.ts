import * as z from 'zod';
import { switchableCollectors as about } from '../collectors.ts';
import { choice, duration, flag, integer, size } from '../leaves.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

function collectorSwitch(reads: string) {
  return flag(`Observe ${reads}.`);
}

const collectorsSection = z
  .strictObject({
    wal: collectorSwitch(about.wal).prefault(true),
    quota: collectorSwitch(about.quota).prefault(true),
    disk: collectorSwitch(about.disk).prefault(true),
    filesystem: collectorSwitch(about.filesystem).prefault(true),
    pressure: collectorSwitch(about.pressure).prefault(true),
    process: collectorSwitch(about.process).prefault(true),
    'fsync-probe': collectorSwitch(about['fsync-probe']).prefault(true),
    peers: collectorSwitch(about.peers).prefault(true),
    certificates: collectorSwitch(about.certificates).prefault(true),
    keyspace: flag(`Observe ${about.keyspace}. Left out: true, and false in the profile \`edge\`.`).exactOptional(),
    canary: collectorSwitch(about.canary).prefault(true),
    host: collectorSwitch(about.host).prefault(true),
    requests: collectorSwitch(about.requests).prefault(true),
    limits: collectorSwitch(about.limits).prefault(true),
    neighbours: collectorSwitch(about.neighbours).prefault(true),
  })
  .meta({ description: 'Collectors that can be switched off. `member` and `cluster` are always on.' });

const fsyncProbeSection = z
  .strictObject({
    interval: duration(
      'How often the probe writes and calls fdatasync, on each of the two directories.',
      1000,
      hourMs,
    ).prefault('1s'),
  })
  .meta({ description: 'The fdatasync probe (the collector `fsync-probe`).' })
  .transform(({ interval }) => ({ intervalMs: interval }));

const peersSection = z
  .strictObject({
    interval: duration('How often each peer is probed.', 1000, hourMs).prefault('10s'),
    timeout: duration('How long one probe may take.', 50, minuteMs).prefault('2s'),
  })
  .meta({ description: 'Probes of the other members (the collector `peers`).' })
  .transform(({ interval, timeout }) => ({ intervalMs: interval, timeoutMs: timeout }));

const keyspaceSection = z
  .strictObject({
    depth: integer('Number of path elements of a prefix.', 1, 16).prefault(2),
    topK: integer('Number of prefixes shown; the rest is summed up as `other`.', 1, 1000).prefault(20),
    keysPerSecond: integer(
      'Highest rate of the scan. What the scan costs etcd grows with it.',
      100,
      1_000_000,
    ).prefault(5000),
    pageSize: size('About what one page of the scan should have.', 64 * 2 ** 10, 64 * 2 ** 20).prefault('1MiB'),
    kubernetes: choice(
      'Group keys by Kubernetes resource. `auto`: below `/registry`, `/kubernetes.io` and `/openshift.io`; `always`: below any first path element.',
      ['auto', 'always', 'never'],
    ).prefault('auto'),
    scanner: choice(
      'Whether this agent keeps the totals. `auto`: if it is beside the healthy follower with the lowest id; `always`: whatever the others do; `never`: not this one. Where not every member has an agent with the keyspace on: `always` on one, `never` on all others.',
      ['auto', 'always', 'never'],
    ).prefault('auto'),
  })
  .meta({ description: 'Keys and bytes by prefix (the collector `keyspace`).' })
  .transform(({ depth, topK, keysPerSecond, pageSize, kubernetes, scanner }) => ({
    depth,
    topK,
    keysPerSecond,
    pageBytes: pageSize,
    kubernetes,
    scanner,
  }));

const canarySection = z
  .strictObject({
    read: flag('Make linearizable reads.').prefault(true),
    write: flag(
      'Write one small key of its own (`canary/<member id>` below `cluster.keyPrefix`), under a lease. Each write is a revision.',
    ).prefault(true),
    readInterval: duration('How often each agent reads.', 1000, hourMs).prefault('20s'),
    writeInterval: duration(
      'How often the agents write, all of them together: with three members each writes every third time.',
      1000,
      hourMs,
    ).prefault('1m'),
    slowAfter: duration('An answer that takes longer counts as slow.', 1, minuteMs).prefault('500ms'),
    timeout: duration('A request without an answer after so long has failed.', 100, minuteMs).prefault('5s'),
  })
  .meta({ description: 'Reads and writes made as a client would make them (the collector `canary`).' })
  .transform(({ read, write, readInterval, writeInterval, slowAfter, timeout }) => ({
    read,
    write,
    readIntervalMs: readInterval,
    writeIntervalMs: writeInterval,
    slowAfterMs: slowAfter,
    timeoutMs: timeout,
  }));

/** What is observed, and how often. */
export const observeSection = z
  .strictObject({
    interval: duration('Time between two rounds of observation.', 1000, hourMs).prefault('10s'),
    deadline: duration(
      'How long a collector may take. Left out: half the interval, at most 5s.',
      100,
      hourMs,
    ).exactOptional(),
    collectors: collectorsSection.prefault({}),
    fsyncProbe: fsyncProbeSection.prefault({}),
    peers: peersSection.prefault({}),
    keyspace: keyspaceSection.prefault({}),
    canary: canarySection.prefault({}),
  })
  .meta({ description: 'What is observed, and how often.' })
  .transform(({ interval, deadline, ...rest }) => ({
    ...rest,
    intervalMs: interval,
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
  }));
