import { describe, expect, it } from 'vitest';
import { fromJSONSchema } from 'zod';
import type { Route } from '../../src/expose/http/route.ts';
import { schemas } from '../../src/expose/openapi/schemas.ts';
import { createRegistry } from '../../src/expose/registry.ts';
import { createRoutes } from '../../src/expose/routes.ts';
import { statusOf } from '../../src/expose/status.ts';
import { fullCaretaking, slot } from './support/full-caretaking.ts';
import { emptyObservation, fullObservation, observationWith } from './support/full-observation.ts';
import { scriptedPorts } from './support/scripted-ports.ts';
import { ask, serve } from './support/server.ts';
import { strictSchema } from './support/strict-schema.ts';

describe('the status', () => {
  it('shows every member with its role, lag and state', () => {
    const { members } = statusOf(fullObservation);
    expect(members.map(({ name, role, own, healthy }) => [name, role, own, healthy])).toEqual([
      ['m1', 'follower', true, true],
      ['m2', 'leader', false, true],
      ['m3', 'unknown', false, false],
      ['', 'unstarted', false, false],
    ]);
    expect(members[0]).toMatchObject({ raftIndexLagEntries: 12n, revisionLag: 3n, version: '3.5.30' });
    expect(members[2]).toMatchObject({ fault: { code: 'ETCD_UNREACHABLE' } });
    expect(members[2]).not.toHaveProperty('version');
  });

  it('counts quorum against the voters of the member list', () => {
    expect(statusOf(fullObservation).quorum).toEqual({
      voters: 3,
      learners: 1,
      votersReachable: 2,
      size: 2,
      holds: true,
      faultTolerance: 0,
    });
    const lost = statusOf(observationWith({ cluster: { votersReachable: 1 } })).quorum;
    expect(lost).toMatchObject({ holds: false, faultTolerance: 0 });
  });

  it('names the leader, alarms, and findings with the gravest first', () => {
    const status = statusOf(fullObservation);
    expect(status.cluster).toMatchObject({ name: 'prod "eu"', raftTerm: 7n, leader: { name: 'm2' } });
    expect(status.alarms).toMatchObject([{ member: 'm1', alarm: 'NOSPACE' }]);
    expect(status.findings.map(({ severity, collector }) => [severity, collector])).toEqual([
      ['critical', 'cluster'],
      ['critical', 'fsync-probe'],
      ['critical', 'backups'],
      ['critical', 'recovery'],
      ['critical', 'caretaking'],
      ['warning', 'member'],
      ['warning', 'cluster'],
      ['warning', 'disk'],
      ['warning', 'backups'],
      ['warning', 'backups'],
      ['warning', 'recovery'],
      ['warning', 'member'],
      ['info', 'certificates'],
      ['info', 'canary'],
    ]);
  });

  it('says which collector failed and why, and leaves out what is not known', () => {
    const status = statusOf(observationWith({ cluster: undefined, quota: undefined }));
    expect(status.faults).toMatchObject([
      { collector: 'cluster', code: 'EIO', remedy: 'Look at the disk.' },
      { collector: 'quota', code: 'EIO' },
    ]);
    expect(status.members).toEqual([]);
    expect(status).not.toHaveProperty('quorum');
    expect(status).not.toHaveProperty('quota');
  });

  it('is there before the first round', () => {
    expect(statusOf(emptyObservation)).toEqual({
      agent: { version: '1.2.3', member: 'm1', rounds: 0 },
      cluster: { name: 'prod' },
      members: [],
      alarms: [],
      findings: [],
      faults: [],
    });
  });
});

describe('the status of acting', () => {
  it('says which agent leads, and what is under way with its newest step, members by name', () => {
    const status = statusOf(fullObservation);
    expect(status.leader).toEqual({ id: '8e9e05c52164694d', name: 'm1', epoch: 12n, own: true });
    expect(status.operation).toMatchObject({
      operation: 'defrag',
      step: 'defragment',
      stepMember: { name: 'm1' },
      targets: [{ name: 'm1' }, { name: 'm2' }],
      stepAt: '2026-01-02T03:04:00.000Z',
      holder: { name: 'm1' },
    });
    expect(status.paused).toMatchObject({ by: 'token (ada@db1)', until: '2026-01-02T05:00:00.000Z' });
    expect(status).toMatchObject({ armed: true, journalConnected: true, pausedHere: expect.stringContaining('bob') });
    expect(status.agents?.map(({ name }) => name)).toEqual(['m1', 'm2']);
  });

  it('has what a policy wants a person to look at among the findings, with what to do', () => {
    expect(statusOf(fullObservation).findings).toContainEqual({
      code: 'BREAKER_OPEN',
      severity: 'critical',
      message: 'compaction: compaction has failed 3 times in a row',
      remedy: '`etcd-caretaker explain compaction` says all reasons.',
      collector: 'caretaking',
    });
  });

  it('survives times in the journal that no calendar has', () => {
    for (const startedAtMs of [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 9e15]) {
      const caretaking = { ...fullCaretaking, slot: { ...slot, startedAtMs } };
      expect(statusOf({ ...fullObservation, caretaking }).operation?.startedAt).toMatch(/Z$/);
    }
  });
});

describe('the API document', () => {
  const routes = createRoutes({
    observation: () => fullObservation,
    registry: createRegistry({ observation: () => fullObservation }),
    staleAfterMs: 1,
    nowMs: () => 0,
    page: { read: () => Promise.reject(new Error('not asked for')) },
  });

  interface Operation {
    readonly operationId: string;
    readonly summary: string;
    readonly responses: object;
    readonly security: readonly object[];
  }

  async function document(): Promise<{ openapi: string; paths: Record<string, Record<string, Operation>> }> {
    return JSON.parse((await ask(await serve(), '/api/v1/openapi.json')).body);
  }

  it('has every route, and no other', async () => {
    const { openapi, paths } = await document();
    expect(openapi).toBe('3.1.0');
    const documented = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented).toEqual(routes.map(({ method, path }: Route) => `${method} ${path}`));
  });

  it('has distinct operations, each with a summary and a success, and open ones without credentials', async () => {
    const { paths } = await document();
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
    for (const { summary, responses } of operations) {
      expect(summary).not.toBe('');
      expect(Object.keys(responses)).toContain('200');
    }
    expect(operations.filter(({ security }) => security.length === 0).map(({ operationId }) => operationId)).toEqual([
      'getPageScript',
      'getPageStyle',
      'getSession',
      'getHealth',
      'getReadiness',
    ]);
  });

  it('refers only to what it defines', async () => {
    const text = JSON.stringify(await document());
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((name) => name === undefined || !(name in schemas))).toEqual([]);
  });

  it.each([
    ['/api/v1/status', 'Status'],
    ['/api/v1/observation', 'Observation'],
    ['/api/v1/keyspace', 'Keyspace'],
    ['/api/v1/backups', 'Backups'],
    ['/api/v1/diagnosis', 'Diagnosis'],
    ['/api/v1/decisions', 'Decisions'],
    ['/api/v1/operations', 'Operations'],
    ['/nowhere', 'Problem'],
  ])('describes what %s answers', async (path, name) => {
    for (const observation of [fullObservation, observationWith({ cluster: undefined, host: undefined })]) {
      const { body } = await ask(await serve({ observation: () => observation, caretaking: scriptedPorts() }), path);
      expect(fromJSONSchema(strictSchema(name)).parse(JSON.parse(body))).toBeDefined();
    }
  });
});
