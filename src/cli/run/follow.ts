import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryEntry, JournaledStep } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { OperationsJson } from '../caretaking-reply.ts';
import { formatInstant } from '../instant.ts';
import type { NameOf } from '../member-names.ts';

/** What is followed, and where what is seen goes to. */
export interface FollowOptions {
  /** Of the request: the operation and its history entry have the same. */
  readonly id: string;
  /** Asks an agent. What it throws is only said: whoever answers next knows everything. */
  readonly read: () => Promise<OperationsJson>;
  /** What keeps the leading agent from beginning it, as it said last; undefined where nothing does, or nobody says. */
  readonly heldBy: () => Promise<string | undefined>;
  readonly say: (line: string) => void;
  readonly nameOf: NameOf;
  readonly pollMs: number;
  /** Ends the following; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** Follows an operation that somebody asked for until it has ended, and says each step and why nothing happens. */
export async function follow(options: FollowOptions): Promise<AsJson<HistoryEntry>> {
  const { id, read, heldBy, say, nameOf, pollMs, signal } = options;
  const seen = new Set<string>();
  let remark = '';
  const remarkOnce = (text: string): void => {
    if (text !== '' && text !== remark) say(text);
    remark = text;
  };
  while (true) {
    const reply = await read().catch((error: unknown) => {
      if (!signal.aborted) remarkOnce(`note: ${error instanceof Error ? error.message : String(error)} Asking again.`);
    });
    signal.throwIfAborted();
    if (reply !== undefined) {
      const ended = reply.history.find((entry) => entry.id === id);
      const underWay = reply.slot?.id === id ? reply.slot : undefined;
      for (const step of (ended ?? underWay)?.steps ?? []) {
        const key = JSON.stringify(step);
        if (!seen.has(key)) say(stepLine(step, nameOf));
        seen.add(key);
      }
      if (ended !== undefined) return ended;
      remarkOnce(underWay === undefined ? waiting(reply, await heldBy().catch(() => undefined)) : '');
    }
    // When it is aborted the loop ends above, with the signal's own reason.
    await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** `12:00:03 UTC  defragment m2: 1.20 GiB` */
function stepLine({ atMs, name, memberId, detail }: AsJson<JournaledStep>, nameOf: NameOf): string {
  const time = formatInstant(atMs).slice(-9, -1);
  const member = memberId === undefined ? '' : ` ${nameOf(memberId)}`;
  return `${time} UTC  ${name}${member}${detail === undefined ? '' : `: ${detail}`}`;
}

function waiting({ slot }: OperationsJson, held: string | undefined): string {
  if (slot !== undefined) return `Asked for; it waits until ${slot.operation} is over.`;
  return held === undefined ? 'Asked for; the leading agent has not begun yet.' : `Asked for; held: ${held}.`;
}
