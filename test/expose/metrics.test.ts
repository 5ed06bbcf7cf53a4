import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operationNames } from '../../src/cluster/caretaking.ts';
import type { CaretakingView } from '../../src/cluster/caretaking-view.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import { metricGroups } from '../../src/expose/metrics/list.ts';
import { createRegistry, type PageFormat } from '../../src/expose/registry.ts';
import { fullCaretaking, slot } from './support/full-caretaking.ts';
import { emptyObservation, fullObservation, observationWith } from './support/full-observation.ts';
import { parsePage, type Sample } from './support/metrics-text.ts';

const families = metricGroups.flatMap((group) => group.families);
const promtool = join(import.meta.dirname, '..', '..', '.tools', 'prometheus', 'promtool');

async function pageOf(observation: Observation, format: PageFormat = 'text', self = false): Promise<string> {
  const registry = createRegistry({ observation: () => observation, self });
  return (await registry.page(format, 'identity')).body.toString();
}

async function seriesOf(observation: Observation, name: string): Promise<readonly Sample[]> {
  const { samples } = parsePage(await pageOf(observation));
  return samples.filter((sample) => sample.name === `etcd_caretaker_${name}`);
}

describe('the metrics page', () => {
  it('is the golden page for an observation that has everything', async () => {
    await expect(await pageOf(fullObservation)).toMatchFileSnapshot('../fixtures/golden/metrics.txt');
  });

  it.each(['text', 'openmetrics'] as const)('is well-formed as %s, with and without values', async (format) => {
    for (const observation of [fullObservation, emptyObservation]) {
      const page = parsePage(await pageOf(observation, format, true));
      expect(page.hasEof).toBe(format === 'openmetrics');
      expect([...page.types.keys()]).toEqual([...page.helps.keys()]);
      const keys = page.samples.map(({ name, labels }) => JSON.stringify([name, labels]));
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('passes promtool check metrics', async () => {
    const checked = spawnSync(promtool, ['check', 'metrics'], {
      input: await pageOf(fullObservation, 'text', true),
      encoding: 'utf8',
    });
    expect(checked.error).toBeUndefined();
    expect({ status: checked.status, said: checked.stdout + checked.stderr }).toEqual({ status: 0, said: '' });
  });

  it('has the same series in both formats', async () => {
    const text = parsePage(await pageOf(fullObservation, 'text'));
    const openmetrics = parsePage(await pageOf(fullObservation, 'openmetrics'));
    expect(openmetrics.samples).toEqual(text.samples);
    // OpenMetrics names a counter's family without the suffix of its samples.
    expect(openmetrics.types.get('etcd_caretaker_rounds')).toBe('counter');
    expect(text.types.get('etcd_caretaker_rounds_total')).toBe('counter');
  });

  it('has help that OpenMetrics needs no escapes for, and counters end in _total', () => {
    for (const { name, help, type } of families) {
      expect(help).toMatch(/^[^"\\\n]+\.$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
    }
  });

  it('gives every series exactly the labels that its metric declares', () => {
    for (const family of families) {
      const series = family.read(fullObservation);
      expect(series, family.name).not.toHaveLength(0);
      for (const { labels } of series) {
        expect(Object.keys(labels).sort(), family.name).toEqual([...family.labels].sort());
      }
    }
  });

  it('shows nothing of a collector that failed, rather than old numbers', async () => {
    const observation = observationWith({ disk: undefined, quota: undefined });
    const { samples } = parsePage(await pageOf(observation));
    expect(samples.filter(({ name }) => /caretaker_(disk_(reads|writes|io)|quota|db)_/.test(name))).toEqual([]);
    expect(samples.some(({ name }) => name === 'etcd_caretaker_wal_fsync_p99_seconds')).toBe(true);
  });

  it('says before the first round only who it is, and that it observes nothing yet', async () => {
    const { samples } = parsePage(await pageOf(emptyObservation));
    expect(samples.map(({ name, value }) => [name, value])).toEqual([
      ['etcd_caretaker_build_info', 1],
      ['etcd_caretaker_agent_info', 1],
      ['etcd_caretaker_up', 0],
      ['etcd_caretaker_rounds_total', 0],
    ]);
  });

  it('says that the quota is never full as +Inf', async () => {
    expect(await pageOf(fullObservation)).toContain('\netcd_caretaker_quota_full_in_seconds +Inf\n');
  });

  it('has no quota where it is disabled, rather than a number that is no size', async () => {
    const { quotaBytes: _, usedRatio: __, ...unlimited } = fullObservation.sections.quota?.value ?? {};
    const reading = { observedAtMs: 0, durationSeconds: 0 };
    const value = { ...unlimited, quotaSource: 'disabled', dbSizeBytes: 1, dbSizeInUseBytes: 1, fragmentationRatio: 0 };
    const observation = {
      ...fullObservation,
      sections: { quota: { ...reading, value: { ...value, quotaSource: 'disabled' as const } } },
    };
    expect(await seriesOf(observation, 'quota_bytes')).toEqual([]);
    expect(await seriesOf(observation, 'quota_info')).toMatchObject([{ labels: { source: 'disabled' } }]);
  });

  it('labels members that share a name with their ids, so that no series is lost', async () => {
    const [first, second] = fullObservation.sections.cluster?.value?.members ?? [];
    if (first === undefined || second === undefined) {
      throw new Error('the fixture has members');
    }
    const observation = observationWith({ cluster: { members: [first, { ...second, name: first.name }] } });
    const series = await seriesOf(observation, 'member_reachable');
    expect(series.map(({ labels }) => labels['member'])).toEqual([first.id, second.id]);
  });

  it('shows the certificate that expires first where several have one subject', async () => {
    const series = await seriesOf(fullObservation, 'certificate_not_after_seconds');
    const served = series.filter(({ labels }) => labels['role'] === 'served-peer');
    expect(served.map(({ value }) => value)).toEqual([fullObservation.observedAtMs / 1000 + 3 * 86_400]);
  });

  it('adds up the URLs of one peer, and leaves out what it has no certificate to probe', async () => {
    const failures = await seriesOf(fullObservation, 'peer_probe_failures_total');
    expect(failures.map(({ labels, value }) => [labels['peer'], labels['probe'], value])).toEqual([
      ['m2', 'tcp', 7],
      ['m2', 'tls', 1],
      ['m3', 'tcp', 300],
    ]);
    const skew = await seriesOf(fullObservation, 'peer_clock_skew_seconds');
    expect(skew.map(({ value }) => value)).toEqual([-0.25]);
  });

  it('shows every operation as not under way but the one that is, also one that only a newer version knows', async () => {
    const underWay = async (operation?: string): Promise<unknown> => {
      const { slot: _, ...caretaking } = fullCaretaking;
      const view = operation === undefined ? caretaking : { ...caretaking, slot: { ...slot, operation } };
      const series = await seriesOf({ ...fullObservation, caretaking: view }, 'operation_in_progress');
      return Object.fromEntries(series.map(({ labels, value }) => [labels['operation'], value]));
    };
    const none = Object.fromEntries(operationNames.map((name) => [name, 0]));
    expect(await underWay()).toEqual(none);
    expect(await underWay('defrag')).toEqual({ ...none, defrag: 1 });
    expect(await underWay('of-the-future')).toEqual({ ...none, 'of-the-future': 1 });
  });

  it('asks for a person once for each policy and reason', async () => {
    const [, held] = fullCaretaking.decisions;
    if (held === undefined) throw new Error('the fixture has a decision that pages');
    const caretaking = { ...fullCaretaking, decisions: [held, { ...held, requestedBy: 'ada' }] };
    const series = await seriesOf({ ...fullObservation, caretaking }, 'page');
    expect(series.map(({ labels, value }) => [labels, value])).toEqual([
      [{ policy: 'compaction', reason: 'BREAKER_OPEN' }, 1],
    ]);
  });

  it.each<[string, object, readonly number[]]>([
    ['as it is set', { settings: { 'election-timeout': '5000' } }, [5]],
    ["etcd's default where nothing is set", { settings: {} }, [1]],
    ['not where the flags could not all be read', { settings: {}, settingsIncomplete: true }, []],
    [
      'not beside a configuration file that could not be read',
      { settings: { 'config-file': '/etc/etcd.yaml', 'election-timeout': '5000' }, settingsIncomplete: true },
      [],
    ],
  ])('the election timeout: %s', async (_, change, values) => {
    const series = await seriesOf(observationWith({ process: change }), 'election_timeout_seconds');
    expect(series.map(({ value }) => value)).toEqual(values);
  });

  it('counts a pause by the file beside the agent as a pause, and has no hash check before the first', async () => {
    const { pause: _, localPause: __, hashCheck: ___, ...rest } = fullCaretaking;
    const paused = async (caretaking: CaretakingView): Promise<unknown> =>
      (await seriesOf({ ...fullObservation, caretaking }, 'paused')).map(({ value }) => value);
    expect(await paused(rest)).toEqual([0]);
    expect(await paused({ ...rest, localPause: 'by hand' })).toEqual([1]);
    expect(await seriesOf({ ...fullObservation, caretaking: rest }, 'hash_mismatch')).toEqual([]);
  });

  it('knows the raft leader from the others when it does not answer itself', async () => {
    const observation = observationWith({ cluster: { leaderId: 'fd422379fda50e48' } });
    const [, , third] = await seriesOf(observation, 'member_is_leader');
    expect(third).toMatchObject({ labels: { member: 'm3' }, value: 1 });
  });
});

describe('the contract of names', () => {
  const contract: Readonly<Record<string, readonly string[]>> = {
    build_info: ['version'],
    up: [],
    collector_duration_seconds: ['collector'],
    collector_success: ['collector'],
    member_is_leader: ['member'],
    member_raft_index: ['member'],
    member_healthy: ['member'],
    cluster_members: ['role'],
    cluster_voters_reachable: [],
    cluster_quorum_size: [],
    cluster_info: ['cluster_id', 'name'],
    raft_term: [],
    member_info: ['member', 'member_id', 'version'],
    member_reachable: ['member'],
    member_raft_index_lag: ['member'],
    member_revision_lag: ['member'],
    alarm_active: ['member', 'alarm'],
    disk_reads_completed_total: ['device', 'role'],
    disk_writes_completed_total: ['device', 'role'],
    disk_read_bytes_total: ['device', 'role'],
    disk_written_bytes_total: ['device', 'role'],
    disk_read_time_seconds_total: ['device', 'role'],
    disk_write_time_seconds_total: ['device', 'role'],
    disk_flushes_total: ['device', 'role'],
    disk_flush_time_seconds_total: ['device', 'role'],
    disk_io_time_seconds_total: ['device', 'role'],
    disk_io_now: ['device', 'role'],
    disk_fsync_probe_seconds: ['role'],
    filesystem_size_bytes: ['role'],
    filesystem_available_bytes: ['role'],
    filesystem_files_free: ['role'],
    pressure_stalled_seconds_total: ['resource', 'kind'],
    process_io_bytes_total: ['direction'],
    wal_fsync_p99_seconds: [],
    backend_commit_p99_seconds: [],
    peer_rtt_seconds: ['peer', 'probe'],
    peer_probe_failures_total: ['peer', 'probe'],
    peer_clock_skew_seconds: ['peer'],
    quota_bytes: [],
    db_size_bytes: [],
    db_size_in_use_bytes: [],
    quota_used_ratio: [],
    db_fragmentation_ratio: [],
    quota_full_in_seconds: [],
    certificate_not_after_seconds: ['role', 'subject'],
    keyspace_keys: ['prefix'],
    keyspace_bytes: ['prefix'],
    keyspace_writes_total: ['prefix'],
    leader: [],
    leader_epoch: [],
    hash_check_timestamp_seconds: [],
    hash_mismatch: [],
    decisions_total: ['policy', 'decision', 'reason'],
    operations_total: ['operation', 'outcome'],
    operation_duration_seconds: ['operation'],
    operation_in_progress: ['operation'],
    paused: [],
  };
  const histograms = [
    'collector_duration_seconds',
    'disk_fsync_probe_seconds',
    'peer_rtt_seconds',
    'operation_duration_seconds',
  ];

  it.each(Object.entries(contract))('has %s with its labels', (name, labels) => {
    const family = families.find((candidate) => candidate.name === name);
    expect(family?.labels).toEqual(labels);
    expect(family?.type === 'histogram').toBe(histograms.includes(name));
  });

  it('reads every metric from one place only', () => {
    const names = families.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
