import { describe, expect, it } from 'vitest';
import { lastGaspText } from '../../src/cli/last-gasp-text.ts';
import type { LastGaspView } from '../../src/cluster/last-gasp-view.ts';
import type { AsJson } from '../../src/expose/as-json.ts';
import { type Status, statusOf } from '../../src/expose/status.ts';
import { fullLastGasp } from '../expose/support/full-backups.ts';
import { fullObservation } from '../expose/support/full-observation.ts';

function text(lastGasp: LastGaspView): string {
  const json = JSON.stringify(statusOf({ ...fullObservation, lastGasp }), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return lastGaspText(JSON.parse(json) as AsJson<Status>, Date.UTC(2026, 0, 2, 5));
}

describe('the last gasp in a status', () => {
  it('is what is under way, why there is none, and what is kept', () => {
    expect(text(fullLastGasp).split('\n')).toEqual([
      'Last gasp what m1 has is being kept',
      '          NONE of this loss of the quorum: 1.0 MiB are free.',
      '          snapshot at revision 4710, 1.91 MiB, 2 h ago: /var/lib/etcd.last-gasp/m1-001122334455-20260102T030000Z-00112233',
      '',
    ]);
  });

  it('is nothing while there was never a need', () => {
    const { newest: _, fault: __, ...rest } = fullLastGasp;
    expect(text({ ...rest, underWay: false, quorumLost: false })).toBe('');
  });
});
