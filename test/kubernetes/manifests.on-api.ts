import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { all } from '../deploy/chart/cases.ts';
import { helm, rendered } from '../deploy/chart/helm.ts';
import { ControlPlane } from './control-plane.ts';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');
/** Of operators that are not here. */
const isForeign = ({ apiVersion }: { readonly apiVersion: string }): boolean =>
  apiVersion.startsWith('monitoring.coreos.com/') || apiVersion.startsWith('cert-manager.io/');

describe('what a user applies, asked of a real API server (server-side dry run)', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await ControlPlane.start();
    for (const namespace of ['db', 'etcd']) await plane.kubectl(['create', 'namespace', namespace]);
  });
  afterAll(() => plane?.[Symbol.asyncDispose]());

  const tried = async (input: string): Promise<readonly string[]> =>
    (await plane.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], { input }))
      .trim()
      .split('\n');

  test.each([
    ['statefulset/base', 8],
    ['statefulset/rehearsal', 1],
    ['kubeadm/base', 3],
  ])('deploy/%s', async (folder, least) => {
    const said = await tried(await plane.kubectl(['kustomize', join(deploy, folder)]));
    expect(said.length).toBeGreaterThanOrEqual(least);
  });

  test('helm is here, which the chart is rendered with', () => {
    expect(helm).toBeDefined();
  });

  test.each(all)('the chart: %s', async (_use, values, release) => {
    const objects = rendered(values, release).filter((each) => !isForeign(each as { apiVersion: string }));
    const said = await tried(objects.map((each) => stringify(each)).join('---\n'));
    expect(said.length).toBe(objects.length);
  });
});
