import { setTimeout as sleep } from 'node:timers/promises';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import type { TendedMember } from '../../healing/tended-cluster.ts';

/** Reads until it is ended. */
export interface Reading {
  end(): Promise<void>;
}

/** Goes through all keys of a member, page after page, and again from the first. */
export function readAgainAndAgain(
  { name, endpoint }: TendedMember,
  { keys, pauseMs }: { readonly keys: number; readonly pauseMs: number },
): Reading {
  const client = new MemberClient({ member: name, endpoint, callTimeoutMs: 10_000 });
  const stop = new AbortController();
  const { signal } = stop;
  const run = async (): Promise<void> => {
    let key = Buffer.from([0]);
    while (!signal.aborted) {
      const page = await client
        .range({ key, rangeEnd: Buffer.from([0]), limit: keys, serializable: true }, signal)
        .catch(() => undefined);
      const last = page?.kvs.at(-1);
      key = page?.more === true && last !== undefined ? Buffer.concat([last.key, Buffer.alloc(1)]) : Buffer.from([0]);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    end: async () => {
      stop.abort();
      await running;
      client.close();
    },
  };
}
