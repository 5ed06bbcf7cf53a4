import type { DataDirState, EndCause, OwnMemberView, ProcessEnd, ProcessState, SuperviseKind } from './own-member.ts';

const KINDS: readonly SuperviseKind[] = ['none', 'child', 'systemd', 'static-pod', 'statefulset'];
const ACTIONS: readonly NonNullable<OwnMemberView['boot']>['action'][] = [
  'start',
  'bootstrap',
  'join',
  'stay-out',
  'refuse',
  'wait',
];
const CAUSES: readonly EndCause[] = [
  'asked',
  'killed',
  'disk-full',
  'wal-corrupt',
  'log-behind',
  'database-corrupt',
  'data-differs',
  'removed',
  'wrong-cluster',
  'address-in-use',
  'bad-flag',
  'certificate',
  'unknown',
];

/**
 * Reads what another agent says of its own member, which may be of another version. What is not as this version knows it makes all of
 * it unknown: a member is replaced by it.
 */
export function ownTold(value: unknown): OwnMemberView | undefined {
  const kind = oneOf(KINDS, field(value, 'kind'));
  const processTold = processOf(field(value, 'process'));
  const dataDir = dataDirOf(field(value, 'dataDir'));
  const bootstrapped = field(value, 'bootstrapped');
  const restarts = count(field(value, 'restarts'));
  if (kind === undefined || processTold === undefined || dataDir === undefined || restarts === undefined)
    return undefined;
  if (typeof bootstrapped !== 'boolean') return undefined;
  const damagedEnds = count(field(value, 'damagedEnds'));
  const differedAtMs = count(field(value, 'differedAtMs'));
  const identity = field(value, 'identity');
  const [clusterId, memberId] = [text(field(identity, 'clusterId')), text(field(identity, 'memberId'))];
  const boot = bootOf(field(value, 'boot'));
  const vainStarts = count(field(value, 'vainStarts'));
  const peerUrl = text(field(value, 'peerUrl'));
  return {
    ...{ kind, process: processTold, dataDir, bootstrapped, restarts },
    ...(clusterId === undefined || memberId === undefined ? {} : { identity: { clusterId, memberId } }),
    ...(field(value, 'bootstrapping') === true ? { bootstrapping: true } : {}),
    ...(damagedEnds === undefined ? {} : { damagedEnds }),
    ...(differedAtMs === undefined ? {} : { differedAtMs }),
    ...(boot === undefined ? {} : { boot }),
    ...(vainStarts === undefined ? {} : { vainStarts }),
    ...(peerUrl === undefined ? {} : { peerUrl }),
    // Where they are matters only on that machine.
    quarantine: [],
  };
}

function processOf(value: unknown): ProcessState | undefined {
  const state = oneOf(['running', 'stopped', 'unknown'], field(value, 'state'));
  if (state === 'running') {
    const pid = count(field(value, 'pid'));
    return { state, adopted: field(value, 'adopted') === true, ...(pid === undefined ? {} : { pid }) };
  }
  if (state === 'unknown') return { state, reason: text(field(value, 'reason')) ?? '' };
  const end = endOf(field(value, 'end'));
  return state && { state, ...(end === undefined ? {} : { end }) };
}

function endOf(value: unknown): ProcessEnd | undefined {
  const [how, atMs] = [text(field(value, 'how')), count(field(value, 'atMs'))];
  if (how === undefined || atMs === undefined) return undefined;
  const evidence = text(field(value, 'evidence'));
  const cause = oneOf(CAUSES, field(value, 'cause')) ?? 'unknown';
  const told = field(value, 'differsFrom');
  const differsFrom = (Array.isArray(told) ? (told as readonly unknown[]) : []).filter(
    (url) => typeof url === 'string',
  );
  return {
    ...{ how, cause, atMs },
    ...(evidence === undefined ? {} : { evidence }),
    ...(differsFrom.length === 0 ? {} : { differsFrom }),
  };
}

function dataDirOf(value: unknown): DataDirState | undefined {
  const state = oneOf(['empty', 'intact', 'corrupt', 'unreadable'], field(value, 'state'));
  const [clusterId, memberId] = [text(field(value, 'clusterId')), text(field(value, 'memberId'))];
  const problem = text(field(value, 'problem')) ?? '';
  if (state === 'empty') return { state };
  if (state === 'unreadable') return { state, problem };
  if (state === 'corrupt') {
    const part = oneOf(['wal', 'database', 'layout'], field(value, 'part')) ?? 'layout';
    const known = {
      ...(clusterId === undefined ? {} : { clusterId }),
      ...(memberId === undefined ? {} : { memberId }),
    };
    return { state, part, problem, ...known };
  }
  const [raftTerm, commitIndex] = [index(field(value, 'raftTerm')), index(field(value, 'commitIndex'))];
  const [lastIndex, lastTerm] = [index(field(value, 'lastIndex')), index(field(value, 'lastTerm'))];
  if (state === undefined || clusterId === undefined || memberId === undefined) return undefined;
  if (raftTerm === undefined || commitIndex === undefined || lastIndex === undefined || lastTerm === undefined) {
    return undefined;
  }
  return { state, clusterId, memberId, raftTerm, commitIndex, lastIndex, lastTerm };
}

function bootOf(value: unknown): OwnMemberView['boot'] {
  const action = oneOf(ACTIONS, field(value, 'action'));
  const told = field(value, 'reasons');
  const [first, ...rest] = (Array.isArray(told) ? (told as readonly unknown[]) : []).flatMap((each) => {
    const [code, message] = [text(field(each, 'code')), text(field(each, 'message'))];
    return code === undefined || message === undefined ? [] : [{ code, message }];
  });
  return action === undefined || first === undefined ? undefined : { action, reasons: [first, ...rest] };
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A raft term or index as the agents' API writes it: decimal text of a uint64. */
function index(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function oneOf<const T extends string>(words: readonly T[], value: unknown): T | undefined {
  return words.find((word) => word === value);
}
