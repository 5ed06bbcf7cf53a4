import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toJson } from '../../../src/expose/http/json.ts';
import { ownObservation } from '../../../src/expose/own-observation.ts';
import { reviveDecisions, reviveObservation } from '../../../src/observe/peer-agent/revive.ts';
import { sectionSchemas } from '../../../src/observe/peer-agent/section-schemas.ts';
import { fullCaretaking } from '../../expose/support/full-caretaking.ts';
import { emptyObservation, fullObservation, observationWith } from '../../expose/support/full-observation.ts';

const names = Object.keys(sectionSchemas);

function sent(observation = fullObservation): Record<string, unknown> {
  return JSON.parse(toJson(ownObservation(observation, observation.observedAtMonotonicMs + 2500)));
}

/** The same with something else at one place. */
function changed(json: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(json))
    return json.map((each, index) => (String(index) === key ? changed(each, rest, value) : each));
  const before = typeof json === 'object' && json !== null ? json : {};
  return { ...before, [key]: changed(Reflect.get(before, key), rest, value) };
}

describe('the observation of another agent', () => {
  it('is as that agent has it, numbers of 64 bits and infinity too, without what nobody else needs', () => {
    const { collectors: _, caretaking: __, sections, ...rest } = fullObservation;
    expect(reviveObservation(sent())).toEqual({
      value: {
        observation: {
          ...rest,
          collectors: {},
          sections: Object.fromEntries(Object.entries(sections).filter(([name]) => names.includes(name))),
        },
        ageSeconds: 2.5,
        localPause: fullCaretaking.localPause,
      },
    });
  });

  it('keeps why a collector failed, and is there before the first round', () => {
    const failed = reviveObservation(sent(observationWith({ quota: undefined })));
    expect(failed).toMatchObject({ value: { observation: { sections: { quota: { fault: { code: 'EIO' } } } } } });
    expect(reviveObservation(sent(emptyObservation))).toMatchObject({
      value: { observation: { rounds: 0, sections: {} } },
    });
  });

  it('of a newer version loses what this one does not know, and nothing else', () => {
    const newer = changed(changed(sent(), ['sections', 'wal', 'value', 'new'], { deep: 1 }), ['sections', 'new'], 1);
    expect(reviveObservation(newer)).toEqual(reviveObservation(sent()));
  });

  it.each([
    [['sections', 'cluster', 'value', 'raftTerm'], 7, 'cluster', 'raftTerm'],
    [['sections', 'cluster', 'value', 'raftTerm'], '7.5', 'cluster', 'raftTerm'],
    [['sections', 'cluster', 'value', 'members', '0', 'id'], null, 'cluster', 'members.0.id'],
    [['sections', 'quota', 'value', 'dbSizeBytes'], 'many', 'quota', 'dbSizeBytes'],
    [['sections', 'process', 'value', 'settings'], ['x'], 'process', 'settings'],
    [['sections', 'wal', 'value', 'compactRevision'], {}, 'wal', 'compactRevision'],
    [['sections', 'peers'], 'none', 'peers', ''],
  ] as const)('with something wrong at %j has a fault there, and the rest is read', (path, value, section, at) => {
    const revived = reviveObservation(changed(sent(), path, value));
    if ('fault' in revived) throw new Error(revived.fault.message);
    const reading = revived.value.observation.sections[section];
    expect(reading?.value).toBeUndefined();
    expect(reading?.fault?.code).toBe('PEER_AGENT_ANSWER');
    expect(reading?.fault?.message).toContain(at);
    const others = names.filter((name) => name !== section);
    for (const [name, other] of Object.entries(revived.value.observation.sections)) {
      if (others.includes(name)) expect(other).not.toHaveProperty('fault');
    }
  });

  it.each([undefined, null, 1, 'x', [], {}, { member: 'm1' }])('is none where %j was answered', (json) => {
    expect(reviveObservation(json)).toMatchObject({ fault: { code: 'PEER_AGENT_ANSWER' } });
  });

  it('does not say how old it is: then it is none', () => {
    for (const age of [undefined, -1, '+Inf', '2']) {
      expect(reviveObservation(changed(sent(), ['ageSeconds'], age))).toHaveProperty('fault');
    }
  });

  it('never throws, whatever is answered, and shows nothing of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        reviveObservation(json);
        reviveDecisions(json);
      }),
    );
    const paths = placesOf(sent(), []);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.oneof(fc.jsonValue(), fc.constant('s3cret')), (path, value) => {
        const revived = reviveObservation(changed(sent(), path, value));
        const faults = 'fault' in revived ? [revived.fault] : faultsOf(revived.value.observation.sections);
        expect(JSON.stringify(faults)).not.toContain('s3cret');
      }),
    );
  });

  it('cannot change what all objects inherit', () => {
    const json = JSON.parse(
      '{"member":"a","cluster":"b","agentVersion":"1","observedAtMs":1,"observedAtMonotonicMs":1,"rounds":1,"ageSeconds":0,"sections":{"__proto__":{"wal":{}},"process":{"observedAtMs":1,"durationSeconds":1,"value":{"__proto__":{"polluted":true},"settings":{"__proto__":"x"}}}}}',
    );
    const revived = reviveObservation(json);
    expect('value' in revived && revived.value.observation.sections.wal).toBeUndefined();
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('the decisions of the leading agent', () => {
  const { leader, decisions, decidedAtMs } = fullCaretaking;

  it('are as it made them', () => {
    const json = JSON.parse(toJson({ leader, decisions, decidedAtMs }));
    expect(reviveDecisions(json)).toEqual({ value: { leaderEpoch: 12n, decisions, decidedAtMs } });
  });

  it('lose those of policies that this version does not know, or that have no reason', () => {
    const strange = [
      { policy: 'replace', decision: 'hold', reasons: [] },
      { policy: 'defrag', decision: 'hold', reasons: [] },
    ];
    expect(reviveDecisions({ decisions: [...strange, ...decisions, 7] })).toEqual({ value: { decisions } });
  });

  it.each([null, {}, { decisions: {} }, { decisions: [], leader: { epoch: 12 } }])('are none in %j', (json) => {
    expect(reviveDecisions(json)).toMatchObject({ fault: { code: 'PEER_AGENT_ANSWER' } });
  });
});

/** Every place in a JSON value. */
function placesOf(json: unknown, at: readonly string[]): readonly (readonly string[])[] {
  if (typeof json !== 'object' || json === null) return [at];
  return [at, ...Object.entries(json).flatMap(([key, value]) => placesOf(value, [...at, key]))];
}

/** What revival itself found wrong. */
function faultsOf(sections: object): readonly unknown[] {
  return Object.values(sections).flatMap((reading: { readonly fault?: { readonly code: string } }) =>
    reading.fault?.code === 'PEER_AGENT_ANSWER' ? [reading.fault] : [],
  );
}
