import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion } from '../../src/cluster/version.ts';
import { hazardsOf, versionHazards } from '../../src/cluster/version-hazards.ts';

const ids = (version: string): readonly string[] => hazardsOf(version).map(({ id }) => id);

describe('version hazards', () => {
  it.each([
    ['3.4.23', 'defrag-during-snapshot-apply', true],
    ['3.4.38', 'defrag-during-snapshot-apply', false],
    ['3.5.22', 'defrag-during-snapshot-apply', true],
    ['3.5.23', 'defrag-during-snapshot-apply', false],
    ['3.6.4', 'defrag-during-snapshot-apply', true],
    ['3.6.5', 'defrag-during-snapshot-apply', false],
    ['3.7.0', 'defrag-during-snapshot-apply', false],
    ['3.4.23', 'defrag-crash-inconsistent-revision', false],
    ['3.5.5', 'defrag-crash-inconsistent-revision', true],
    ['3.5.6', 'defrag-crash-inconsistent-revision', false],
    ['3.6.0', 'defrag-crash-inconsistent-revision', false],
    ['3.4.23', 'member-add-refused-with-voter-down', true],
    ['3.5.30', 'member-add-refused-with-voter-down', false],
    ['3.6.10', 'member-add-refused-with-voter-down', true],
    ['3.5.27', 'status-needs-root', false],
    ['3.5.30', 'status-needs-root', true],
    ['3.5.32', 'status-needs-root', false],
    ['3.5.31', 'upgrade-to-3.6-needs-3.5.32', true],
    ['3.5.32', 'upgrade-to-3.6-needs-3.5.32', false],
  ])('%s and %s: %s', (version, id, present) => {
    expect(ids(version).includes(id)).toBe(present);
  });

  it('takes a version that it cannot read for one that has every hazard', () => {
    expect(hazardsOf('not_decided')).toBe(versionHazards);
  });

  it('ignores what follows the three numbers, as etcd does', () => {
    expect(parseVersion('3.6.0-rc.1+git')).toEqual({ major: 3, minor: 6, patch: 0 });
    expect(parseVersion('3.6')).toBeUndefined();
    expect(parseVersion('3.x.1')).toBeUndefined();
  });

  it('compares by number, not by text', () => {
    const older = { major: 3, minor: 5, patch: 9 };
    expect(compareVersions(older, { major: 3, minor: 5, patch: 30 })).toBeLessThan(0);
    expect(compareVersions(older, { major: 3, minor: 4, patch: 99 })).toBeGreaterThan(0);
    expect(compareVersions(older, older)).toBe(0);
  });
});
