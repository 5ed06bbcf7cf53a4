import { describe, expect, it } from 'vitest';
import type { ClusterState, MemberState } from '../../src/cluster/state.ts';
import type { DecideSettings } from '../../src/decide/settings.ts';
import { upgradePolicy } from '../../src/decide/upgrade.ts';
import { GiB, settings, short, state, supervised } from './states.ts';

const running = (...versions: readonly (string | undefined)[]): ClusterState =>
  state(
    versions.map((version, index): MemberState => {
      const { version: _v, ...rest } = supervised(index + 1);
      return version === undefined ? rest : { ...rest, version };
    }),
  );
const old = running('3.4.40', '3.4.40', '3.4.40');
const by = 'alice';

describe('an upgrade', () => {
  it.each<[string, ClusterState, string | undefined, string, DecideSettings?]>([
    ['is granted to the next minor version', old, '3.5.32', 'act REQUESTED UPGRADE_ASKED'],
    ['is granted within a series', running('3.5.5', '3.5.30', '3.5.30'), '3.5.30', 'act REQUESTED UPGRADE_ASKED'],
    ['is refused over two minor versions', old, '3.6.6', 'hold VERSION_SKEW'],
    ['is refused to another major version', old, '4.0.0', 'hold VERSION_SKEW'],
    ['goes on half way', running('3.5.32', '3.4.40', '3.4.40'), '3.5.32', 'act REQUESTED UPGRADE_ASKED'],
    ['goes back half way', running('3.5.32', '3.4.40', '3.4.40'), '3.4.40', 'act REQUESTED UPGRADE_ASKED'],
    ['does not go back when all run it', running('3.5.32', '3.5.32', '3.5.32'), '3.4.40', 'hold VERSION_SKEW'],
    ['goes back within a series', running('3.5.32', '3.5.32', '3.5.32'), '3.5.31', 'act REQUESTED UPGRADE_ASKED'],
    ['is nothing where all run it', old, '3.4.40', 'hold VERSION_REACHED'],
    ['takes a version', old, undefined, 'hold VERSION_UNKNOWN'],
    ['needs to know what runs', running('3.4.40', undefined, '3.4.40'), '3.5.32', 'hold VERSION_UNKNOWN'],
    ['to 3.6 needs 3.5.32', running('3.5.30', '3.5.32', '3.5.32'), '3.6.6', 'hold VERSION_HAZARD'],
    ['to 3.6 from 3.5.32', running('3.5.32', '3.5.32', '3.5.32'), '3.6.6', 'act REQUESTED UPGRADE_ASKED'],
    [
      'is refused where it is too new for the Kubernetes that it serves',
      running('3.5.32', '3.5.32', '3.5.32'),
      '3.6.6',
      'hold KUBERNETES_SKEW',
      { ...settings, kubernetesMinor: 33 },
    ],
    [
      'to 3.6 for a Kubernetes that wants it',
      running('3.5.32', '3.5.32', '3.5.32'),
      '3.6.6',
      'act REQUESTED UPGRADE_ASKED',
      { ...settings, kubernetesMinor: 34 },
    ],
    [
      'is granted within a series, whatever the Kubernetes is',
      running('3.5.31', '3.5.32', '3.5.32'),
      '3.5.32',
      'act REQUESTED UPGRADE_ASKED',
      { ...settings, kubernetesMinor: 18 },
    ],
    ['is refused to a version that nobody should run', old, '3.5.2', 'hold VERSION_HAZARD'],
    ['is refused where none can be spared', running('3.4.40', '3.4.40'), '3.5.32', 'hold NO_SPARE'],
    [
      'is refused without a backup',
      old,
      '3.5.32',
      'hold NO_BACKUP',
      { ...settings, backups: { ...settings.backups, stores: 0 } },
    ],
  ])('%s', (_, given, to, expected, when = settings) => {
    const asked = to === undefined ? { by } : { by, to };
    expect(short(upgradePolicy(given, when, asked))).toBe(expected);
  });

  it('is never made without a person, and takes no member', () => {
    expect(short(upgradePolicy(old, settings))).toBe('hold ON_REQUEST');
    expect(short(upgradePolicy(old, settings, { by, to: '3.5.32', target: '1' }))).toBe('hold TARGET_UNKNOWN');
  });

  it('leaves out who runs it already, and has the raft leader last', () => {
    const { action } = upgradePolicy(running('3.4.40', '3.5.32', '3.4.40'), settings, { by, to: '3.5.32' });
    expect(action?.targets).toEqual(['3', '1']);
    expect(action?.parameters).toEqual({
      to: '3.5.32',
      snapshot: true,
      versions: { 1: '3.4.40', 2: '3.5.32', 3: '3.4.40' },
      members: ['1', '2', '3'],
      compare: true,
      rehearse: false,
    });
  });

  it('compares no data where writes would stand still for too long, and says so', () => {
    const large = { ...old, members: old.members.map((one) => ({ ...one, dbSizeBytes: 6 * GiB })) };
    const { action, reasons } = upgradePolicy(large, settings, { by, to: '3.5.32' });
    expect(action?.parameters['compare']).toBe(false);
    expect(reasons.at(-1)?.message).toContain('are not compared');
  });
});
