import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import type { SeenList, SeenMember } from '../../decide/boot/evidence.ts';
import type { MemberKeeper } from './keeper.ts';

const POLL_MS = 250;

/**
 * Starts the member that was added for this agent, and is back when it answers. Gives a sentence. Done again it comes to the same: data of
 * exactly the added member are started as they are. Throws `JOIN_NOT_LISTED` where none was added, `JOIN_WOULD_FORGET` where it has been
 * started before and its data are not here: etcd would take its old id again, and with it forget what it has promised (raft's durability),
 * `JOIN_OTHER_DATA`, `JOIN_HELD` while a recovery has the member, and `JOIN_NO_ANSWER`.
 */
export async function joinCluster(keeper: MemberKeeper, signal: AbortSignal): Promise<string> {
  const { options } = keeper;
  const list = await options.list(signal);
  const own = addedFor(keeper, list);
  await keeper.exclusively(() => startAs(keeper, own, list, signal));
  await untilItAnswers(keeper, own, signal);
  return `${options.name} (${own.id}) answers as a part of the cluster.`;
}

/** The member of the list that is this agent's to start. */
function addedFor({ options }: MemberKeeper, list: SeenList): SeenMember {
  const { name, peerUrl } = options;
  if (!list.linearizable) {
    throw fault('JOIN_NOT_LISTED', name, 'no quorum has said who is a member', 'Wait until there is one.');
  }
  const peerUrls = peerUrl === undefined ? formerUrls(options) : [peerUrl];
  const added = list.members.find((member) => member.peerUrls.some((url) => peerUrls.includes(url)));
  if (added === undefined) {
    const what = `no member with the peer URL ${peerUrls.join(', ')} is listed`;
    throw fault('JOIN_NOT_LISTED', name, what, 'It has to be added first; the operation does that by itself.');
  }
  return added;
}

function formerUrls({ memory }: MemberKeeper['options']): readonly string[] {
  const { current } = memory;
  return current?.members.find(({ id }) => id === current.memberId)?.peerUrls ?? [];
}

async function startAs(keeper: MemberKeeper, own: SeenMember, list: SeenList, signal: AbortSignal): Promise<void> {
  const { options } = keeper;
  // A recovery of the lost quorum has the member in its hands: two clusters could come of a start.
  if (keeper.held !== undefined) {
    throw fault('JOIN_HELD', options.name, keeper.held, 'It is tried again by itself when that is over.');
  }
  const { dataDir, process } = await keeper.look('quick', signal);
  const holdsIt = dataDir.state === 'intact' && dataDir.memberId === own.id && dataDir.clusterId === list.clusterId;
  if (holdsIt) {
    if (process.state !== 'running') await keeper.startProcess({}, signal);
    return;
  }
  if (dataDir.state !== 'empty') {
    const what =
      dataDir.state === 'unreadable' ? dataDir.problem : `data of another member are there (${dataDir.state})`;
    throw fault('JOIN_OTHER_DATA', options.name, what, 'They have to be in quarantine first: see the step before.');
  }
  // Etcd takes its name and its client URLs into the list when it has started for the first time.
  if (own.name !== '' || own.clientUrls.length > 0) {
    const what = `${own.name} (${own.id}) has been started before, and its data are not here`;
    throw fault('JOIN_WOULD_FORGET', options.name, what, 'It has to be removed and added anew.');
  }
  await keeper.startProcess(
    {
      initial: {
        state: 'existing',
        token: options.token,
        members: list.members.flatMap(({ id, name, peerUrls }) =>
          peerUrls.map((url) => ({ name: id === own.id ? options.name : name || id, peerUrl: url })),
        ),
      },
    },
    signal,
  );
}

async function untilItAnswers({ options }: MemberKeeper, { id }: SeenMember, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + options.timing.answerWithinMs;
  let last = 'it has not been asked yet';
  while (performance.now() < untilMs) {
    signal.throwIfAborted();
    try {
      const found = await options.ownId(signal);
      if (found === id) return;
      last = `${found} answers in its place`;
    } catch (error) {
      signal.throwIfAborted();
      last = faultOf(error).message;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  throw fault('JOIN_NO_ANSWER', options.name, `it does not answer: ${last}`, "See the end of etcd's log.");
}

function fault(code: string, member: string, what: string, remedy: string): AgentError {
  return new AgentError(code, `${member} cannot join: ${what}`, { member, remedy });
}
