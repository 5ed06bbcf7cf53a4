import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KubernetesGrouping, kubernetesPlace, prefixEnds } from '../../src/cluster/prefix.ts';

function prefixes(key: string, kubernetes: KubernetesGrouping = 'auto', maxDepth = 4): string[] {
  return prefixEnds(Buffer.from(key), { kubernetes, maxDepth }).map((end) => key.slice(0, end));
}

describe('the prefixes of a key', () => {
  it('are its path without its own name, the shortest first', () => {
    expect(prefixes('/a/b/c')).toEqual(['/a/', '/a/b/']);
    expect(prefixes('a/b/c')).toEqual(['a/', 'a/b/']);
    expect(prefixes('/a/b/')).toEqual(['/a/', '/a/b/']);
  });

  it('of a key right under the root is the root, and a key without a slash has none', () => {
    expect(prefixes('/a')).toEqual(['/']);
    expect(prefixes('/')).toEqual(['/']);
    expect(prefixes('a')).toEqual([]);
  });

  it('keep empty path elements apart', () => {
    expect(prefixes('//a')).toEqual(['//']);
    expect(prefixes('/a//b')).toEqual(['/a/', '/a//']);
    expect(prefixes('//')).toEqual(['//']);
  });

  it('end at the largest depth', () => {
    expect(prefixes('/1/2/3/4/5/6', 'auto', 2)).toEqual(['/1/', '/1/2/']);
  });

  it('tell Kubernetes resources apart, an API group together with its resource', () => {
    expect(prefixes('/registry/pods/default/web-0')).toEqual([
      '/registry/',
      '/registry/pods/',
      '/registry/pods/default/',
    ]);
    expect(prefixes('/registry/apiextensions.k8s.io/customresourcedefinitions/crontabs.example.io')).toEqual([
      '/registry/',
      '/registry/apiextensions.k8s.io/customresourcedefinitions/',
    ]);
    expect(prefixes('/registry/example.io/crontabs/default/nightly')).toEqual([
      '/registry/',
      '/registry/example.io/crontabs/',
      '/registry/example.io/crontabs/default/',
    ]);
    expect(prefixes('/registry/services/endpoints/default/web')).toContain('/registry/services/endpoints/');
    expect(prefixes('/registry/events/default/web-0.17a')).toContain('/registry/events/');
    expect(prefixes('/kubernetes.io/example.io/crontabs/default/x')).toContain('/kubernetes.io/example.io/crontabs/');
  });

  it('group resources only where Kubernetes keeps them, unless told to', () => {
    expect(prefixes('/other/example.io/things/x')).toContain('/other/example.io/');
    expect(prefixes('/other/example.io/things/x', 'always')).not.toContain('/other/example.io/');
    expect(prefixes('/registry/example.io/things/x', 'never')).toContain('/registry/example.io/');
  });

  it('each begin with the one before and end in a slash, whatever bytes a key has', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        const key = Buffer.from(bytes.map((byte) => (byte % 3 === 0 ? 0x2f : byte)));
        const ends = prefixEnds(key, { kubernetes: 'auto', maxDepth: 5 });
        expect(ends.toSorted((a, b) => a - b)).toEqual(ends);
        expect(new Set(ends).size).toBe(ends.length);
        expect(ends.every((end) => key[end - 1] === 0x2f)).toBe(true);
      }),
    );
  });
});

it.each([
  ['/registry/pods/default/p', 'pods default'],
  ['/registry/minions/n1', 'minions -'],
  ['/registry/services/specs/kube-system/dns', 'services/specs kube-system'],
  ['/registry/batch.example.io/jobs/ns/j', 'batch.example.io/jobs ns'],
  ['/kubernetes.io/secrets/ns/s', 'secrets ns'],
  ['/other/pods/default/p', 'none'],
  ['/registry/health', 'none'],
  ['pods', 'none'],
])('%s is of the resource and namespace %s', (key, expected) => {
  const place = kubernetesPlace(Buffer.from(key));
  expect(place === undefined ? 'none' : `${place.resource} ${place.namespace ?? '-'}`).toBe(expected);
});
