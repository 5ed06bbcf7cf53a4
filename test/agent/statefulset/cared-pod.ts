import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemberMemory } from '../../../src/agent/member/memory.ts';
import { memberTiming } from '../../../src/agent/member/options.ts';
import { SetCare, type SetCareOptions } from '../../../src/agent/statefulset/set-care.ts';
import { AgentError, faultOf } from '../../../src/cluster/agent-error.ts';
import type { RequestRecord } from '../../../src/cluster/caretaking.ts';
import type { Observation } from '../../../src/cluster/observation.ts';
import type { KubeApi } from '../../../src/supervise/statefulset/kube-api.ts';

/** The care of the pod `etcd-2` of a StatefulSet, with the cluster and the Kubernetes API played by a test. */
export interface CaredPod extends AsyncDisposable {
  readonly care: SetCare;
  readonly memory: MemberMemory;
  /** What the StatefulSet wants; absent: the API is away. */
  replicas: number | undefined;
  /** Names of the listed members; each has its name as its id. */
  listed: string[];
  /** This agent leads. */
  leads: boolean;
  /** Names of the members beside which an agent is. */
  attended: string[];
  /** Who leads in raft. */
  raftLeader: string;
  /** `operation target`, in order. */
  readonly asked: readonly string[];
  /** `retire`, `stop`, `reconsider`. */
  readonly done: readonly string[];
  readonly faults: readonly string[];
  /** What becomes of a request that was written down. */
  onAsked: (request: RequestRecord) => void;
}

const ME = 'etcd-2';

export async function caredPod(graceSeconds = 30): Promise<CaredPod> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-pod-'));
  const memory = await MemberMemory.open(folder);
  const asked: string[] = [];
  const done: string[] = [];
  const faults: string[] = [];
  const requests: RequestRecord[] = [];
  const away = (): AgentError => new AgentError('KUBE_AWAY', 'the API is away');
  const seen = async () => {
    if (pod.replicas === undefined) throw away();
    const set = {
      name: 'etcd',
      uid: 'u',
      replicas: pod.replicas,
      firstOrdinal: 0,
      isDeleted: false,
      claimTemplates: [],
    };
    return { set, resourceVersion: '1' };
  };
  const api: Partial<KubeApi> = {
    statefulSet: seen,
    watchStatefulSet: async (_name, _from, onSeen) => onSeen(await seen()),
    pod: async (name) => {
      if (pod.replicas === undefined) throw away();
      return { name, uid: 'p', claims: [], isReady: true, deletion: { graceSeconds } };
    },
  };
  const members = () => pod.listed.map((name) => ({ id: name, name, peerUrls: [], clientUrls: [], isLearner: false }));
  const observation = () =>
    ({
      member: ME,
      sections: {
        cluster: { value: { linearizable: true, members: members() } },
        member: { value: { status: { memberId: ME, leaderId: pod.raftLeader } } },
      },
      caretaking: { leads: pod.leads, requests, agents: pod.attended.map((memberId) => ({ memberId })) },
    }) as unknown as Observation;
  const options: SetCareOptions = {
    identity: { namespace: 'ns', pod: ME, statefulSet: 'etcd', ordinal: 2 },
    api: api as KubeApi,
    keeper: {
      options: {
        memory,
        timing: memberTiming,
        list: async () => ({ clusterId: 'c', linearizable: true, members: members() }),
      } as unknown as SetCareOptions['keeper']['options'],
      reconsider: () => done.push('reconsider'),
      retire: () => done.push('retire'),
      exclusively: (work) => work(),
      stopProcess: async () => {
        done.push('stop');
      },
    },
    observation,
    request: async ({ operation, member = '', by }) => {
      asked.push(`${operation} ${member}`.trim());
      const record = { id: String(asked.length), operation, target: member, by, atMs: 0 };
      requests.push(record);
      pod.onAsked(record);
      return { id: record.id };
    },
    timing: { lookMs: 10, askAgainMs: 50, askSeldomMs: 100, firstPauseMs: 10, longestPauseMs: 20, quietMs: 1000 },
    stopGraceMs: 1000,
    log: () => undefined,
    onFault: (_what, error) => faults.push(faultOf(error).code),
  };
  const care = new SetCare(options);
  const pod: CaredPod = {
    ...{ care, memory, asked, done, faults },
    ...{ replicas: 3, listed: ['etcd-0', 'etcd-1', 'etcd-2'], attended: [], leads: false, raftLeader: 'etcd-0' },
    onAsked: () => undefined,
    [Symbol.asyncDispose]: async () => {
      await care[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
  await memory.remember({ clusterId: 'c', memberId: ME, members: [], agents: [] });
  return pod;
}

/** The request is carried out at once. */
export function grant(pod: CaredPod): (request: RequestRecord) => void {
  return ({ operation, target }) => {
    if (operation === 'leave') pod.listed = pod.listed.filter((name) => name !== target);
    if (operation === 'move-leader') pod.raftLeader = 'etcd-1';
  };
}
