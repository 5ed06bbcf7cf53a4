import { describe, expect, test } from 'vitest';
import { environmentIn } from '../pod.ts';
import { configOf, expectMounted } from './agent-config.ts';
import { cluster, clusterThatRehearses, clusterWithAll, daemonset, trial } from './cases.ts';
import { helm, rendered, rendering } from './helm.ts';
import { objectOf, podOf } from './objects.ts';

const nameOf = (kind: string): string => (kind === 'Job' ? 'etcd-rehearsal' : 'etcd');

describe.skipIf(helm === undefined)('the Job that rehearses an upgrade of the release', () => {
  test('runs the new image with the new configuration, before anything else is changed', async () => {
    const objects = rendered(clusterThatRehearses);
    const [job, map] = [objectOf(objects, 'Job'), objectOf(objects, 'ConfigMap', 'etcd-rehearsal')];
    for (const { metadata } of [job, map]) expect(metadata.annotations?.['helm.sh/hook']).toBe('pre-upgrade');
    expect(Number(map.metadata.annotations?.['helm.sh/hook-weight'])).toBeLessThan(0);
    const pod = podOf(job);
    const [drill] = pod?.containers ?? [];
    const [agent] = podOf(objectOf(objects, 'StatefulSet'))?.containers ?? [];
    expect(drill?.image).toBe(agent?.image);
    expect(drill?.args?.slice(0, 2)).toEqual(['drill', '--once']);
    expect(drill?.args).toEqual(expect.arrayContaining(['--try-flags', '--require-restore']));
    const names = pod?.volumes.flatMap(({ configMap }) => configMap?.name ?? []);
    expect(names).toEqual(['etcd-rehearsal']);
    const config = await configOf(String(map.data?.['agent.yaml']), environmentIn(drill, {}));
    expect(config.member.name).toBe('etcd-0');
    expect(config.backup.store).toEqual(['s3://backups/prod']);
    // Whose data dir it names, and what it only does as an agent, it does not touch.
    expectMounted(
      { ...drill, volumeMounts: [...(drill?.volumeMounts ?? []), { name: 'data', mountPath: '/data' }], name: 'drill' },
      pod?.volumes ?? [],
      config,
    );
    expect(pod?.automountServiceAccountToken).toBe(false);
  });

  test('has what the members’ flags name, their environment, and their nodes', () => {
    const objects = rendered({ ...clusterWithAll, rollout: { rehearse: true }, extraEnv: [{ name: 'A', value: 'b' }] });
    const [job, set] = ['Job', 'StatefulSet'].map((kind) => podOf(objectOf(objects, kind, nameOf(kind))));
    const [drill] = job?.containers ?? [];
    const [agent] = set?.containers ?? [];
    expect(drill?.volumeMounts).toEqual(agent?.volumeMounts.filter(({ name }) => name !== 'data'));
    expect(job?.volumes.map(({ name }) => name)).toEqual(set?.volumes.map(({ name }) => name));
    expect(drill?.env).toEqual(
      expect.arrayContaining([
        { name: 'GOMEMLIMIT', value: '3GiB' },
        { name: 'A', value: 'b' },
      ]),
    );
  });

  test('is there only where somebody asks for it, and needs a backup', () => {
    expect(rendered(cluster).map(({ kind }) => kind)).not.toContain('Job');
    const rollout = { rehearse: true };
    expect(rendering({ ...cluster, rollout }).stderr).toContain('rollout.rehearse: it restores the newest backup');
    expect(rendering({ ...daemonset, rollout }).stderr).toContain('rollout.rehearse: only with use: cluster');
    expect(rendered({ ...clusterThatRehearses, stopped: true }).map(({ kind }) => kind)).not.toContain('Job');
    expect(
      rendering({ ...trial, rollout: { ...rollout, by: 'kubernetes' }, backup: { folder: { enabled: true } } }).ok,
    ).toBe(true);
  });
});
