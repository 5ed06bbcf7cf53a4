import { describe, expect, it } from 'vitest';
import { meansFor } from '../../../src/agent/last-gasp/means.ts';
import { quorumSight } from '../../../src/agent/last-gasp/quorum-sight.ts';
import type { Fault, Observation, SectionName } from '../../../src/cluster/observation.ts';
import { fullObservation } from '../../expose/support/full-observation.ts';

type Parts = { readonly [K in SectionName]?: object };

/** An observation of which only these readings are there, each with these properties of its value, or this fault. */
function seen(values: Parts, faults: { readonly [K in SectionName]?: string } = {}): Observation {
  const reading = (name: SectionName) => fullObservation.sections[name];
  const good = Object.entries(values).map(([name, value]) => {
    const full = reading(name as SectionName);
    return [name, { ...full, value: { ...full?.value, ...value } }];
  });
  const bad = Object.entries(faults).map(([name, code]) => {
    const fault: Fault = { code, message: 'in words' };
    return [name, { observedAtMs: 1, durationSeconds: 0, fault }];
  });
  return { ...fullObservation, sections: Object.fromEntries([...good, ...bad]) };
}

const noRead = { linearizableReadSeconds: undefined };
const alone = { voters: 3, votersReachable: 1, linearizable: false, leaderId: undefined };

describe('the quorum', () => {
  it.each<[string, Observation, string]>([
    ['holds where a read came through it, whatever else is seen', seen({ member: {}, cluster: alone }), 'holds'],
    ['is lost where fewer voters answer', seen({ member: noRead, cluster: alone }), 'lost'],
    [
      'is lost where fewer answer, though the last leader is still named',
      seen({ member: noRead, cluster: { ...alone, leaderId: 'a1' } }),
      'lost',
    ],
    [
      'is lost where enough answer that do not reach each other',
      seen({ member: noRead, cluster: { ...alone, votersReachable: 3 } }),
      'lost',
    ],
    [
      'holds where only the own member is gone',
      seen({ cluster: { ...alone, votersReachable: 2, linearizable: true } }, { member: 'ETCD_UNREACHABLE' }),
      'holds',
    ],
    ['is lost where nobody answers any more', seen({ cluster: { ...alone, votersReachable: 0 } }, {}), 'lost'],
    ['is not known before anybody has given the member list', seen({}, { cluster: 'ETCD_UNREACHABLE' }), 'unknown'],
    ['is not known where nothing was observed', seen({}), 'unknown'],
    ['is not known where the member hangs', seen({}, { cluster: 'ETCD_DEADLINE', member: 'ETCD_DEADLINE' }), 'unknown'],
    [
      'is lost where a member that is alive gives nobody a token',
      seen({ wal: {} }, { cluster: 'ETCD_DEADLINE', member: 'ETCD_DEADLINE' }),
      'lost',
    ],
  ])('%s', (_, observation, sight) => {
    expect(quorumSight(observation)).toBe(sight);
  });
});

describe('what the own member has', () => {
  it('is its snapshot while it answers', () => {
    expect(meansFor(seen({ member: noRead }))).toEqual(['snapshot']);
  });

  it('is its snapshot while it is alive, and where that is refused its database file', () => {
    const means = ['snapshot', 'database-file'];
    expect(meansFor(seen({ wal: {} }, { member: 'ETCD_DEADLINE' }))).toEqual(means);
    expect(meansFor(seen({ wal: {}, member: noRead }))).toEqual(means);
  });

  it('is its data dir only where the process is gone and its port is closed', () => {
    const gone = seen({}, { member: 'ETCD_UNREACHABLE', process: 'ETCD_PROCESS_NOT_FOUND' });
    expect(meansFor(gone)).toEqual(['data-dir']);
    const hanging = seen({}, { member: 'ETCD_DEADLINE', process: 'ETCD_PROCESS_NOT_FOUND' });
    const starting = seen({ process: {} }, { member: 'ETCD_UNREACHABLE' });
    const unseen = seen({}, { member: 'ETCD_UNREACHABLE' });
    const another = seen({}, { member: 'ETCD_UNREACHABLE', process: 'ETCD_PROCESS_FOREIGN' });
    for (const each of [hanging, starting, unseen, another]) {
      expect(() => meansFor(each)).toThrow(/It does not answer, and that it has ended is not known: in words/);
    }
  });

  it('is nothing of a learner', () => {
    expect(() => meansFor(seen({ member: { ...noRead, state: 'learner' } }))).toThrow('It is a learner');
  });
});
