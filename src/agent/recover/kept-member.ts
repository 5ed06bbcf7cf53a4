import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../abort/linked-abort.ts';
import type { MemberClient } from '../../etcd/member-client.ts';
import { journalKeys } from '../../journal/keys.ts';
import type { MemberKeeper } from '../member/keeper.ts';
import { freshJournal } from './fresh-journal.ts';
import type { RecoveredMember } from './ports.ts';

const POLL_MS = 100;
const ASK_MS = 2000;

/**
 * The own member as its keeper has it, in the hands of a recovery.
 * @param own asks this very member
 * @param keyPrefix of the agents' keys
 */
export function keptMember(
  keeper: MemberKeeper,
  own: Pick<MemberClient, 'memberList' | 'range' | 'txn'>,
  keyPrefix: string,
): RecoveredMember {
  return {
    hold: (why) => keeper.hold(why),
    release: () => keeper.release(),
    look: (signal) => keeper.exclusively(() => keeper.look('full', signal)),
    stop: (signal) =>
      keeper.exclusively(async () => {
        await keeper.stopProcess(signal);
        // From now on its log stands still: the seed compares. What a thorough look has found broken stays so.
        if (keeper.view().dataDir.state !== 'corrupt') await keeper.look('quick', signal);
      }),
    start: (signal) => keeper.exclusively(() => keeper.startProcess({}, signal)),
    putAside: (reason, signal) => keeper.exclusively(() => keeper.putAside(reason, signal)),
    serves: async (recovered, signal) => {
      const { memory, name, timing } = keeper.options;
      await within([signal], timing.answerWithinMs, async (until) => {
        for (;;) {
          const reply = await within([until], ASK_MS, (soon) => own.memberList(soon)).catch(() => undefined);
          until.throwIfAborted();
          const member = reply?.members.find((one) => one.name === name);
          if (reply?.linearizable === true && member !== undefined) {
            const { clusterId } = reply.header;
            await memory.remember({
              ...{ clusterId, memberId: member.id, members: reply.members, agents: memory.current?.agents ?? [] },
            });
            const ids = reply.members.map(({ id }) => id);
            // A full store takes no change of it: then the agents wait until they are sure of the list.
            const changed = await freshJournal(
              own,
              journalKeys(keyPrefix),
              { ids, own: member.id, recovered },
              until,
            ).catch((error: unknown) => {
              until.throwIfAborted();
              keeper.options.events.onFault('having the journal go on in the new cluster', error);
              return [];
            });
            if (changed.length > 0) keeper.options.events.log('the journal goes on in the new cluster', { changed });
            return;
          }
          await sleep(POLL_MS, undefined, { signal: until });
        }
      });
    },
  };
}
