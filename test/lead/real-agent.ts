import { randomUUID } from 'node:crypto';
import type { AgentRecord } from '../../src/cluster/caretaking.ts';
import type { MemberClient } from '../../src/etcd/member-client.ts';
import type { JournalKeys } from '../../src/journal/keys.ts';
import { JournalMirror } from '../../src/journal/mirror.ts';
import type { Term } from '../../src/journal/term.ts';
import { Leadership } from '../../src/lead/leadership.ts';
import { Registration } from '../../src/lead/registration.ts';

/** So long that no stall of a busy machine costs an agent its lease; shorter only where that is the test. */
const TTL_SECONDS = 60;

export interface LeadingOptions {
  readonly eligible?: () => boolean;
  readonly ttlSeconds?: number;
}

/** The part of an agent that registers and leads; whoever starts it disposes of it. */
export interface LeadingAgent extends AsyncDisposable {
  readonly mirror: JournalMirror;
  readonly registration: Registration;
  readonly leadership: Leadership;
  /** Every term that it has had. */
  readonly terms: readonly Term[];
  /** Resolves with its term, as soon as it leads. */
  leads(): Promise<Term>;
}

/** An agent's record with what does not matter filled in. */
export function agentRecord(memberId: string): AgentRecord {
  return {
    memberId,
    member: `m-${memberId}`,
    instance: randomUUID(),
    version: '0.0.0',
    operations: {},
    role: 'default',
    startedAtMs: Date.now(),
  };
}

/** Starts one that stands beside the member with this id. */
export function startLeading(
  client: MemberClient,
  keys: JournalKeys,
  memberId: string,
  { eligible = () => true, ttlSeconds = TTL_SECONDS }: LeadingOptions = {},
): LeadingAgent {
  const mirror = new JournalMirror(client, keys);
  const registration = new Registration({
    client,
    keys,
    mirror,
    record: agentRecord(memberId),
    ttlSeconds,
  });
  const terms: Term[] = [];
  const waiting = new Set<() => void>();
  const leadership = new Leadership({
    client,
    keys,
    mirror,
    registration,
    eligible,
    onTerm: (term) => {
      terms.push(term);
      for (const resolve of waiting) resolve();
    },
  });
  mirror.start();
  registration.start();
  leadership.start();
  const leads = async (): Promise<Term> => {
    for (;;) {
      const { term } = leadership;
      if (term !== undefined) return term;
      await new Promise<void>((resolve) => waiting.add(resolve));
    }
  };
  return {
    mirror,
    registration,
    leadership,
    terms,
    leads,
    [Symbol.asyncDispose]: async () => {
      await leadership.close();
      await registration.close();
      await mirror.close();
    },
  };
}
