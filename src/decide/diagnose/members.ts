import type { JudgedMember, Remedy } from '../../cluster/caretaking-view.ts';
import type { Cause, Look } from '../../cluster/diagnosis.ts';
import type { ClusterSection } from '../../cluster/sections.ts';
import { formatSpan } from '../../cluster/units.ts';
import { mostly, type Window } from './window.ts';

/** What is wrong with members as such: they do not run, do not answer, or are too few. */
export function memberCauses(window: Window): readonly Cause[] {
  // What the own agent knows of its own member comes later, and takes the place of what the leading agent says of it.
  return [...quorumLost(window), ...judged(window), ...ownProcess(window), ...corrupt(window), ...unreachable(window)];
}

/**
 * Too few voters answer this agent, and no quorum answers a read through one of those that do: etcd's peers may well reach each other where this
 * agent does not. Where too few of those that are silent refuse connections, which only a machine does that is there, the own machine may be what
 * is cut off: with three members two that are gone at once are rarer than that.
 */
function quorumLost(window: Window): readonly Cause[] {
  const { member, values } = window.newest;
  const { cluster } = values;
  if (cluster === undefined || !hasNoQuorum(cluster)) return [];
  if (!window.mostly(({ values: then }) => then.cluster && hasNoQuorum(then.cluster))) return [];
  const silent = cluster.members.filter(({ reachable, isLearner }) => !reachable && !isLearner);
  const refused = silent.filter(({ fault }) => REFUSED.test(fault?.message ?? ''));
  const evidence = [
    `${cluster.votersReachable} of ${cluster.voters} voters answer ${member}, and ${cluster.quorumSize} have to`,
    ...silent.map(
      ({ name, id, fault }) =>
        `${name || id} does not${fault === undefined ? '' : `: ${fault.message.replace(/\.$/, '')}`}`,
    ),
  ];
  const isSure = cluster.voters - refused.length < cluster.quorumSize;
  const lost: Cause = {
    verdict: 'quorum-lost',
    confidence: isSure ? 'certain' : 'possible',
    evidence,
    firstStep:
      'Bring a member back that has its data. Where they are gone, `etcd-caretaker recover` says what can be done.',
  };
  if (isSure || silent.length < cluster.voters - 1) return [lost];
  const cut: Cause = {
    verdict: 'partitioned',
    member,
    confidence: 'possible',
    evidence: [...evidence, `nothing at all comes back from there, as where the machine of ${member} is cut off`],
    firstStep: `See from another machine whether the cluster serves (\`etcd-caretaker status\` there). Where it does, mend the network of ${member}; where it does not, the quorum is lost.`,
  };
  return [cut, lost];
}

/** What a machine answers with that is there, and on which etcd does not run. */
const REFUSED = /refused/;

function hasNoQuorum({ votersReachable, quorumSize, linearizable }: ClusterSection): boolean {
  return votersReachable < quorumSize && !linearizable;
}

/** What the agents do by themselves, and what is left for a person. */
const steps: Readonly<Record<Remedy, string>> = {
  wait: 'Wait a little: the agents do, to see whether it goes by itself. `etcd-caretaker explain replace` says for how long.',
  restart: 'Its own agent starts it again; see the end of its log where that does not help.',
  'move-leader': 'The leading agent gives the leadership to another member; then look at the disk of this one.',
  'free-space': 'Make room on its disk; its agent starts it then.',
  replace: 'The leading agent replaces it where it may (`etcd-caretaker explain replace`); docs/healing.md says how.',
  page: 'The agents leave it to a person: `etcd-caretaker explain replace` says why, docs/healing.md what to do.',
};

/** What the leading agent says of members, by what several observers see; the others know nothing of it. */
function judged(window: Window): readonly Cause[] {
  const isLasting = ({ member, verdict }: JudgedMember): boolean =>
    window.mostly(({ caretaking }) =>
      caretaking?.judged.some((each) => each.member === member && each.verdict === verdict),
    );
  return (window.newest.caretaking?.judged ?? []).filter(isLasting).map(({ member, verdict, remedy, message }) => ({
    verdict,
    member,
    confidence: remedy === 'wait' ? 'likely' : 'certain',
    evidence: [message],
    firstStep: steps[remedy],
  }));
}

function ownProcess(window: Window): readonly Cause[] {
  const { newest } = window;
  const { member, own, values } = newest;
  if (own?.process.state === 'stopped' && own.kind !== 'none') {
    const { end } = own.process;
    const why = end === undefined ? 'nobody knows why' : (end.evidence ?? end.how);
    const step =
      end?.cause === 'disk-full'
        ? 'Make room on its disk; the agent then starts it.'
        : 'See the end of its log; `etcd-caretaker status` says whether the agent starts it, and why not.';
    return [
      {
        verdict: end?.cause === 'disk-full' ? 'disk-full' : 'process-down',
        member,
        confidence: 'certain',
        evidence: [`etcd of ${member} has ended: ${why}`],
        firstStep: step,
      },
    ];
  }
  if (
    values.process?.stopped === true &&
    window.mostly((look) => look.values.process && look.values.process.stopped === true)
  ) {
    return [
      {
        verdict: 'process-stopped',
        member,
        confidence: 'certain',
        evidence: [`process ${values.process.pid} of etcd is stopped: it has not ended, and does not run`],
        firstStep: `Find out who stopped it (SIGSTOP, a debugger, a freezer), and let it go on: kill -CONT ${values.process.pid}.`,
      },
    ];
  }
  const isGone = mostly(
    window.values(({ faults }) => faults.process ?? 'none'),
    (code) => code === 'ETCD_PROCESS_NOT_FOUND',
  );
  return isGone && newest.faults.member !== undefined
    ? [
        {
          verdict: 'process-down',
          member,
          confidence: 'likely',
          evidence: [`no process of etcd is to be found beside the agent, and ${member} does not answer`],
          firstStep: 'See the log of etcd and of what starts it (systemd, kubelet).',
        },
      ]
    : [];
}

function corrupt({ newest: { values } }: Window): readonly Cause[] {
  return (values.cluster?.alarms ?? [])
    .filter(({ alarm }) => alarm === 'CORRUPT')
    .map(({ member }) => ({
      verdict: 'data-corrupt',
      member,
      confidence: 'certain',
      evidence: [`CORRUPT is raised for ${member}: its data differ from the others'`],
      firstStep:
        'Do not restart anything. `etcd-caretaker explain hash-check` and docs/healing.md say which data are right, and how that is told.',
    }));
}

/** Others that do not answer this agent. Why, the leading agent judges by what several observers say. */
function unreachable(window: Window): readonly Cause[] {
  const { newest } = window;
  const ownId = newest.values.member?.status.memberId;
  const silent = (newest.values.cluster?.members ?? []).filter(
    ({ id, name, reachable }) => !reachable && name !== '' && !isOwn(id, name, ownId, newest),
  );
  return silent
    .filter(({ id }) =>
      window.mostly((look) => (reachableIn(look, id) === undefined ? undefined : reachableIn(look, id) === false)),
    )
    .map(({ name, silentSeconds, fault }) => ({
      verdict: 'member-unreachable',
      member: name,
      confidence: 'certain',
      evidence: [
        `${name} does not answer ${newest.member}${silentSeconds === undefined ? '' : `, for ${formatSpan(silentSeconds)}`}${fault === undefined ? '' : `: ${fault.message.replace(/\.$/, '')}`}`,
      ],
      firstStep: `See whether etcd runs on ${name}, and what its own agent says (\`etcd-caretaker status\` there).`,
    }));
}

function isOwn(id: string, name: string, ownId: string | undefined, { member }: Look): boolean {
  return id === ownId || name === member;
}

function reachableIn({ values }: Look, id: string): boolean | undefined {
  return values.cluster?.members.find((each) => each.id === id)?.reachable;
}
