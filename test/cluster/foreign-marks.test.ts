import { describe, expect, it } from 'vitest';
import { marksToLookFor, signsOfMarks } from '../../src/cluster/foreign-marks.ts';

describe('marks of others in the store', () => {
  it('are looked for with few and small reads', () => {
    const ranges = marksToLookFor();
    expect(ranges.length).toBeLessThanOrEqual(12);
    expect(ranges.filter(({ limit }) => limit > 1).map(({ prefix }) => prefix)).toEqual([
      '/registry/cronjobs/',
      '/kubernetes.io/cronjobs/',
    ]);
    expect(marksToLookFor(['/k8s']).every(({ prefix }) => prefix.startsWith('/k8s/'))).toBe(true);
  });

  it.each<[string, string, string]>([
    ['OpenShift', '/kubernetes.io/operator.openshift.io/etcds/cluster', 'FOREIGN_OPERATOR defrag,move-leader'],
    ['etcd-druid', '/registry/druid.gardener.cloud/etcds/shoot/main', 'FOREIGN_OPERATOR compaction,defrag'],
    ['the operator of CoreOS', '/registry/etcd.database.coreos.com/etcdclusters/a/b', 'FOREIGN_OPERATOR defrag'],
    ['the operator of etcd.io', '/registry/operator.etcd.io/etcdclusters/a/b', 'FOREIGN_OPERATOR defrag'],
    ['a cron job that defragments', '/registry/cronjobs/kube-system/etcd-defrag', 'FOREIGN_CRON_JOB defrag,nospace'],
    [
      'a cron job that compacts',
      '/registry/cronjobs/kube-system/nightly-etcd-compaction',
      'FOREIGN_CRON_JOB compaction',
    ],
    [
      'a cron job for maintenance',
      '/registry/cronjobs/kube-system/etcd-maintenance',
      'FOREIGN_CRON_JOB compaction,defrag',
    ],
    [
      'a cron job that makes backups, to which nothing gives way',
      '/registry/cronjobs/kube-system/etcd-backup',
      'FOREIGN_CRON_JOB ',
    ],
    ['no cron job that does something else', '/registry/cronjobs/kube-system/etcd-report', ''],
    ['no cron job that defragments something else', '/registry/cronjobs/etcd/defrag-mongo', ''],
    ['nothing that only begins alike', '/registry/pods/kube-system/etcd-defrag-1', ''],
    ['nothing outside of Kubernetes', '/app/cronjobs/kube-system/etcd-defrag', ''],
    ['nothing at the edge', '/registry', ''],
  ])('%s', (_name, key, expected) => {
    expect(
      signsOfMarks([key])
        .map(({ code, policies }) => `${code} ${policies.join()}`)
        .join(),
    ).toBe(expected);
  });
});
