import { describe, expect, it } from 'vitest';
import type { ClusterState } from '../../src/cluster/state.ts';
import { clearCorruptAlarm } from '../../src/operate/corrupt-alarm.ts';
import type { Parts } from '../../src/operate/steps/parts.ts';
import { productionTiming } from '../../src/operate/timing.ts';
import { member, state } from '../decide/states.ts';

const alarms: ClusterState['alarms'] = [{ memberId: '0', member: 'unknown', alarm: 'CORRUPT' }];
const raised = (members = [1, 2, 3].map((n) => member(n))): ClusterState => state(members, { alarms });

/** With hashes by member id; the calls themselves are doubles, what is decided on their answers is not. */
async function cleared(hashes: Readonly<Record<string, number>>, of = raised()) {
  const disarmed: string[] = [];
  let compared = 0;
  const effects = {
    status: async () => ({ revision: 7n }),
    hashKeyspace: async (id: string) => {
      compared += 1;
      return { hash: hashes[id] ?? 0, compactRevision: 1n };
    },
    disarmCorrupt: async (id: string) => {
      disarmed.push(id);
    },
  } as unknown as Parts['effects'];
  const permit = { signal: new AbortController().signal, check: () => undefined };
  const result = await clearCorruptAlarm(of, { effects, timing: { ...productionTiming, hashPauseMs: 1 } }, permit);
  return { result, disarmed, compared };
}

describe('a raised CORRUPT alarm', () => {
  it('is taken back after three comparisons where a majority agrees, whomever it names, and the minority is named', async () => {
    const { result, disarmed, compared } = await cleared({ 1: 5, 2: 5, 3: 6 });
    expect(result?.figures).toMatchObject({ hashMismatch: 1, members: 3, 'hashDiffers.3': 1 });
    expect(disarmed).toEqual(['0']);
    expect(compared).toBe(9);
  });

  it('stays where no majority agrees', async () => {
    const { result, disarmed } = await cleared({ 1: 5, 2: 6, 3: 7 });
    expect(result?.figures).toMatchObject({ hashMismatch: 1 });
    expect(disarmed).toEqual([]);
  });

  it('stays where all data are equal: what it is about is not known', async () => {
    const { result, disarmed } = await cleared({ 1: 5, 2: 5, 3: 5 });
    expect(result?.figures).toMatchObject({ hashMismatch: 0 });
    expect(disarmed).toEqual([]);
  });

  it('stays where a voter cannot be asked', async () => {
    const silent = raised([member(1), member(2), member(3, { reachable: false, healthy: false })]);
    expect(await cleared({ 1: 5, 2: 5 }, silent)).toEqual({ result: undefined, disarmed: [], compared: 0 });
  });
});
