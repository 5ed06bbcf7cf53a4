import { describe, expect, it } from 'vitest';
import { kubernetesMinor, tooNewForKubernetes } from '../../src/cluster/kubernetes-etcd.ts';
import { parseVersion } from '../../src/cluster/version.ts';

describe('the etcd that a Kubernetes takes', () => {
  it.each([
    [16, '3.4.40', 'Kubernetes 1.16 is not tested with etcd 3.4; 1.17 is the first that is'],
    [17, '3.4.40', undefined],
    [21, '3.5.30', 'Kubernetes 1.21 is not tested with etcd 3.5; 1.22 is the first that is'],
    [22, '3.5.30', undefined],
    [33, '3.6.6', 'Kubernetes 1.33 is not tested with etcd 3.6; 1.34 is the first that is'],
    [34, '3.6.6', undefined],
    [36, '3.5.30', undefined],
    [36, '3.7.0', 'Kubernetes 1.36 is not tested with etcd 3.7; none that is known here is'],
    [36, '4.0.0', 'Kubernetes 1.36 is not tested with etcd 4.0; none that is known here is'],
  ])('1.%i: etcd %s', (kubernetes, etcd, expected) => {
    const to = parseVersion(etcd);
    expect(to && tooNewForKubernetes(to, kubernetes)).toBe(expected);
  });

  it.each([
    ['1.31', 31],
    ['v1.31.4', 31],
    ['1.9', 9],
    ['2.1', undefined],
    ['1', undefined],
    ['latest', undefined],
  ])('%s is read as %s', (text, minor) => {
    expect(kubernetesMinor(text)).toBe(minor);
  });
});
