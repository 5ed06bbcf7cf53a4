import { expect, test } from 'vitest';
import type { MemberKeeper } from '../../../src/agent/member/keeper.ts';
import { turnErrands } from '../../../src/agent/member/turn-errands.ts';
import type { EtcdVersions } from '../../../src/supervise/etcd-versions.ts';
import { slot } from '../../decide/states.ts';

const { signal } = new AbortController();
const upgrade = slot('upgrade', { parameters: { to: '3.5.30' } });

interface Machine {
  readonly errands: ReturnType<typeof turnErrands>;
  /** What was done, in order. */
  readonly done: string[];
  link: string;
  /** What the link was before it was changed. */
  before: string | undefined;
}

/** A machine whose etcd serves where the link points at a version that does. @param fails programs that cannot be started */
function machine(serves: readonly string[], fails: readonly string[] = [], fault = 'it is no program'): Machine {
  const done: string[] = [];
  let runs: string | undefined = 'old';
  const versions: Pick<
    EtcdVersions,
    'programOf' | 'current' | 'pointAt' | 'tryLink' | 'rememberBefore' | 'forgetBefore'
  > = {
    programOf: async () => 'new',
    current: async () => at.link,
    tryLink: async () => undefined,
    rememberBefore: async (_, program) => {
      if (at.link !== program) at.before = at.link;
      return at.before;
    },
    forgetBefore: async () => {
      at.before = undefined;
    },
    pointAt: async (program) => {
      done.push(`link ${program}`);
      at.link = program;
    },
  };
  const keeper = {
    options: {
      ...{ name: 'm1', versions, timing: { answerWithinMs: 600 } },
      servedVersion: async () => {
        if (runs === undefined || !serves.includes(runs)) throw new Error('nothing listens');
        return runs === 'new' ? '3.5.30' : '3.4.23';
      },
    },
    view: () => ({ restarts: 0, process: { state: 'running' } }),
    exclusively: async <T>(work: () => Promise<T>) => await work(),
    stopProcess: async () => {
      done.push('stop');
      runs = undefined;
    },
    startProcess: async () => {
      done.push(`start ${at.link}`);
      if (fails.includes(at.link)) throw new Error(fault);
      runs = at.link;
    },
  } as unknown as MemberKeeper;
  const at: Machine = { errands: turnErrands(keeper), done, link: 'old', before: undefined };
  return at;
}

const told = async (at: Machine, name: string) => await at.errands[name]?.(upgrade, signal);

test('a version that serves is what is run, and what was before is forgotten', async () => {
  const at = machine(['old', 'new']);
  expect(await told(at, 'switch-version')).toMatchObject({ outcome: 'succeeded' });
  expect(at.done).toEqual(['stop', 'link new', 'start new']);
  expect(at.before).toBeUndefined();
});

test.each([
  ['does not serve', machine(['old'])],
  ['cannot be started', machine(['old'], ['new'])],
])('a version that %s is taken back at once', async (_, at) => {
  expect(await told(at, 'switch-version')).toMatchObject({
    outcome: 'stopped',
    code: 'VERSION_NOT_SERVING',
    summary: expect.stringContaining('the version before serves again'),
  });
  expect(at.done).toEqual(['stop', 'link new', 'start new', 'stop', 'link old', 'start old']);
  expect(at.before).toBeUndefined();
});

test('a version that the cluster has taken up already is what is run in the end, since the one before refuses to', async () => {
  const fault = 'it has ended: invalid downgrade; server version is lower than determined cluster version';
  const at = machine([], ['old'], fault);
  expect(await told(at, 'switch-version')).toMatchObject({
    outcome: 'stopped',
    code: 'VERSION_NOT_SERVING',
    summary: expect.stringContaining('invalid downgrade'),
  });
  expect(at.done.filter((each) => each !== 'stop')).toEqual([
    'link new',
    'start new',
    'link old',
    'start old',
    'link new',
    'start new',
  ]);
  expect(at.link).toBe('new');
  expect(at.before).toBeUndefined();
});

test('it is taken back, too, where an agent that died meanwhile has changed the link', async () => {
  const at = machine(['old']);
  at.link = 'new';
  at.before = 'old';
  expect(await told(at, 'switch-version')).toMatchObject({ outcome: 'stopped', code: 'VERSION_NOT_SERVING' });
  expect(at.link).toBe('old');
  expect(at.done.at(-1)).toBe('start old');
});

test('a version that an agent which died has brought up already is not started again', async () => {
  const at = machine(['new']);
  at.link = 'new';
  at.before = 'old';
  await told(at, 'switch-version');
  at.done.length = 0;
  at.before = 'old';
  expect(await told(at, 'switch-version')).toMatchObject({ outcome: 'succeeded' });
  expect(at.done).toEqual([]);
  expect(at.before).toBeUndefined();
});

test('a member that takes too long to come back is not ended once more for it', async () => {
  const at = machine([]);
  expect(await told(at, 'restart-member')).toMatchObject({ outcome: 'stopped', code: 'MEMBER_NOT_BACK' });
  expect(at.done).toEqual(['stop', 'start old']);
});
