import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import { restartPolicy } from '../../src/decide/restart.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { nightly, noon, observed, own, settings, short, state, supervised } from './states.ts';

const stale = (n: number): MemberState =>
  supervised(n, { observed: observed({ own: own(n), staleAuthorities: '/pki/ca.crt has changed.' }) });
const watched = (n: number): MemberState =>
  supervised(n, {
    observed: observed({ own: own(n, { kind: 'none' }), staleAuthorities: '/pki/ca.crt has changed.' }),
  });
const three = [supervised(1), supervised(2), supervised(3)];

describe('a member is started again', () => {
  it.each<[string, ClusterState, DecideSettings, string]>([
    ['not where nothing has changed', state(three), settings, 'hold NOTHING_STALE'],
    ['where a CA file has changed', state([supervised(1), stale(2), supervised(3)]), settings, 'act AUTHORITIES_STALE'],
    [
      'outside of the window not yet',
      state([supervised(1), stale(2), supervised(3)]),
      { ...settings, windows: [nightly] },
      'hold OUTSIDE_WINDOW',
    ],
    [
      'within it',
      state([supervised(1), stale(2), supervised(3)]),
      { ...settings, windows: [noon] },
      'act AUTHORITIES_STALE',
    ],
    ['not where none can be spared', state([supervised(1), stale(2)]), settings, 'hold NO_SPARE'],
    [
      'there by consent',
      state([supervised(1), stale(2)]),
      { ...settings, restart: { withoutSpare: true } },
      'act AUTHORITIES_STALE',
    ],
    [
      'not by an agent that only watches',
      state([supervised(1), watched(2), supervised(3)]),
      settings,
      'hold NOT_SUPERVISED',
    ],
    [
      'not while another one is not well',
      state([supervised(1), stale(2), supervised(3, { healthy: false })]),
      settings,
      'hold VOTER_UNHEALTHY',
    ],
    [
      'not by figures that are old',
      state([supervised(1), { ...stale(2), observed: { ageSeconds: 61 } }, supervised(3)]),
      settings,
      'hold NOTHING_STALE',
    ],
  ])('%s', (_, given, when, expected) => {
    expect(short(restartPolicy(given, when))).toBe(expected);
  });

  it('the raft leader last', () => {
    const decision = restartPolicy(state([stale(1), stale(2), stale(3)]), settings);
    expect(decision.action?.targets).toEqual(['2', '3', '1']);
    expect(decision.reasons.map(({ message }) => message)).toContain('m2: /pki/ca.crt has changed');
  });

  it('for a person who names it, or all of them where none is named', () => {
    expect(restartPolicy(state(three), settings, { by: 'alice', target: '3' }).action?.targets).toEqual(['3']);
    expect(restartPolicy(state(three), settings, { by: 'alice' }).action?.targets).toEqual(['2', '3', '1']);
    expect(short(restartPolicy(state(three), settings, { by: 'alice', target: '9' }))).toBe('hold TARGET_UNKNOWN');
    const shut = { ...settings, windows: [nightly] };
    expect(short(restartPolicy(state(three), shut, { by: 'alice' }))).toBe('act REQUESTED RESTART_ASKED');
  });
});
