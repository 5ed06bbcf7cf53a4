import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Membership, membershipOf, stepsOf } from './membership.ts';
import { type Operating, operating } from './operating.ts';

describe.each(['3.4', '3.5'] as const)('replacing a member of a cluster of etcd %s', (version) => {
  let on: Operating;
  let at: Membership;
  beforeAll(async () => {
    on = await operating({ members: 3, version });
    at = membershipOf(on);
    for (let n = 0; n < 50; n += 1) await on.client().put(Buffer.from(`k/${n}`), Buffer.from('v'));
  });
  afterAll(() => on[Symbol.asyncDispose]());

  test('brings one whose data are gone back as another member, with all data', { timeout: 60_000 }, async () => {
    const parameters = await at.replacing('m3');
    await at.wipe('m3');
    at.asked.length = 0;
    const begun = await at.begin('replace', parameters, [String(parameters['victim'])]);
    const entry = await at.run(begun);
    expect(entry?.summary).toContain('was replaced by');
    expect(entry?.outcome).toBe('succeeded');
    expect(stepsOf(entry)).toEqual([
      ...[
        'prepare-join',
        'remove-member',
        'fence',
        'add-learner',
        'learner-listed',
        'start-joined',
        'promote',
        'verify',
      ],
    ]);
    expect(at.asked).toEqual(['prepare-join m3', 'fence m3', 'start-joined m3']);
    const after = await at.listed('m3');
    expect(after).toMatchObject({ isLearner: false, healthy: true });
    expect(after?.id).not.toBe(parameters['victim']);
  });
});
