import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { etcdProcessFinder } from '../../src/observe/linux/etcd-process.ts';
import { pressureCollector } from '../../src/observe/pressure.ts';
import { type FakeMachine, fakeCalls, fakeMachine } from '../fixtures/linux/machine.ts';
import { roundNow } from '../fixtures/linux/round.ts';

let machine: FakeMachine;

beforeEach(() => {
  machine = fakeMachine('pods');
});

afterEach(() => machine[Symbol.dispose]());

function collector(host: string, port: number) {
  return pressureCollector({
    ...machine,
    etcd: etcdProcessFinder({ ...machine, calls: fakeCalls({}), endpoint: { host, port } }),
  });
}

test('stalls of the machine and of the cgroup of etcd', async () => {
  const { stalls, etcdUnresolved } = await collector('10.0.0.5', 2379).collect(roundNow());
  expect(etcdUnresolved).toBeUndefined();
  expect(stalls).toContainEqual({
    scope: 'system',
    resource: 'cpu',
    kind: 'some',
    stalledSeconds: 217.809532,
    avg10Ratio: 0.1234,
  });
  expect(stalls).toContainEqual({ scope: 'etcd', resource: 'io', kind: 'full', stalledSeconds: 2, avg10Ratio: 0.0125 });
  expect(stalls.map(({ scope, resource, kind }) => `${scope} ${resource} ${kind}`)).toEqual([
    'system cpu some',
    'system io some',
    'system io full',
    'system memory some',
    'system memory full',
    'etcd cpu some',
    'etcd cpu full',
    'etcd io some',
    'etcd io full',
  ]);
});

test.each([
  ['lies outside the cgroup namespace of the agent', 'any', 3651, /outside the agent's cgroup namespace/],
  ['is of cgroup v1', '2001:db8::1', 18_967, /cgroup v1 has no pressure/],
  ['is the root', '127.0.0.1', 8080, /root cgroup/],
  ['cannot be known without its process', '10.0.0.9', 1, /no process that the agent can see/],
])("that etcd's cgroup %s is said, and the machine's stalls are there", async (_, host, port, reason) => {
  const section = await collector(host, port).collect(roundNow());
  expect(section.etcdUnresolved).toMatch(reason);
  expect(section.stalls).toHaveLength(5);
});

test('a kernel without pressure stall information is one error that says what to do', async () => {
  rmSync(join(machine.procRoot, 'pressure'), { recursive: true });
  await expect(collector('10.0.0.5', 2379).collect(roundNow())).rejects.toMatchObject({
    code: 'PSI_UNAVAILABLE',
    remedy: expect.stringContaining('psi=1'),
  });
});
