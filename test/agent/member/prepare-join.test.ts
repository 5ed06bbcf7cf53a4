import { expect, test } from 'vitest';
import { memberErrands } from '../../../src/agent/member/errands.ts';
import type { MemberKeeper } from '../../../src/agent/member/keeper.ts';
import type { JournalValue } from '../../../src/cluster/caretaking.ts';
import { slot } from '../../decide/states.ts';

const { signal } = new AbortController();

/** What an agent whose etcd is of this version says of whether it could start another member. */
async function answer(etcdVersion: string | undefined, parameters: Readonly<Record<string, JournalValue>>) {
  const keeper = {
    options: { supervisor: { kind: 'child' }, freeBytes: async () => 100, etcdVersion: async () => etcdVersion },
  } as unknown as MemberKeeper;
  const errand = memberErrands(keeper)['prepare-join'];
  return await errand?.(slot('replace', { parameters: { needBytes: 10, ...parameters } }), signal);
}

test.each<[string, string | undefined, Readonly<Record<string, JournalValue>>, string]>([
  ['of the version that the cluster runs fits', '3.5.9', { version: '3.5.30' }, 'succeeded'],
  ['of another minor version does not', '3.4.40', { version: '3.5.30' }, 'stopped'],
  [
    'of the newer one fits in the middle of an upgrade',
    '3.5.30',
    { version: '3.4.40', versions: ['3.4.40', '3.5.30'] },
    'succeeded',
  ],
  ['of the older one does too', '3.4.23', { version: '3.4.40', versions: ['3.4.40', '3.5.30'] }, 'succeeded'],
  ['of a third one does not', '3.6.6', { version: '3.4.40', versions: ['3.4.40', '3.5.30'] }, 'stopped'],
  ['of a version that nobody can tell is tried', undefined, { version: '3.5.30' }, 'succeeded'],
])('an etcd %s', async (_, etcdVersion, parameters, outcome) => {
  const told = await answer(etcdVersion, parameters);
  expect(told).toMatchObject(outcome === 'stopped' ? { outcome, code: 'REPLACEMENT_UNFIT' } : { outcome });
});
