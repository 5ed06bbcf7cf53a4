import { setTimeout as sleep } from 'node:timers/promises';
import { untilAborted } from '../abort/until-aborted.ts';
import type { Fault } from '../cluster/observation.ts';
import { alarmsIn } from './alarms.ts';
import { refuseBesideOlder } from './cluster-version.ts';
import { Connection, type Way } from './connection.ts';
import { EtcdError, type EtcdErrorCode } from './errors.ts';
import type { Etcd3Clients } from './etcd3-clients.ts';
import { FailoverWay } from './failover-way.ts';
import { readMemberList } from './member-list.ts';
import { duplexStream, serverStream } from './streams.ts';
import type { TxnReply, TxnRequest } from './txn.ts';
import type {
  AlarmEntry,
  AuthStatus,
  KeySizesPage,
  LinearizableRead,
  MemberClientOptions,
  MemberList,
  RangePage,
  RangeRequest,
  ReplyHeader,
  SnapshotChunk,
  StatusReply,
  WatchBatch,
  WatchRequest,
} from './types.ts';
import { callUnary } from './unary.ts';
import { watch } from './watch.ts';
import { AUTH_STATUS } from './wire/auth.ts';
import { KEY_SIZES } from './wire/key-sizes.ts';
import { RANGE } from './wire/kv.ts';
import {
  type GrantedLease,
  LEASE_GRANT,
  LEASE_KEEP_ALIVE,
  LEASE_REVOKE,
  LEASE_TIME_TO_LIVE,
  type LeaseTimes,
} from './wire/lease.ts';
import { SNAPSHOT, STATUS } from './wire/maintenance.ts';
import type { Method } from './wire/method.ts';
import { TXN } from './wire/txn.ts';

/** Failures after which a read may be asked again, if the options allow it. */
const PASSING: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'ETCD_LEADER_CHANGED',
  'ETCD_NO_LEADER',
  'ETCD_TOO_MANY_REQUESTS',
  'ETCD_UNREACHABLE',
]);
const FIRST_PAUSE_MS = 50;

/**
 * What etcd answers where the user may not read the key, or where there is none but authentication is on. The latter never
 * comes from the login: without a user there is none.
 */
const REFUSED_TO_USER: ReadonlySet<EtcdErrorCode> = new Set<EtcdErrorCode>([
  'ETCD_AUTH_REQUIRED',
  'ETCD_PERMISSION_DENIED',
]);

/** The key that linearizable reads ask for, as `etcdctl endpoint health` does. It need not exist. */
const HEALTH_KEY = Buffer.from('health');

/**
 * The client of exactly one member (or, by `failingOver`, of any of a cluster). Every call takes a signal, ends at the call timeout at the latest, throws `EtcdError`
 * only, and is made once: reads are repeated only where `readRetries` says so, calls that change anything never are.
 * There is no circuit breaker: a refused call never keeps another one from being made.
 */
export class MemberClient {
  readonly member: string;
  readonly endpoint: string;
  readonly #connection: Way;
  #etcd3: Promise<Etcd3Clients> | undefined;

  /** Connects at the first call. Throws `ETCD_BAD_ENDPOINT`. @param way in place of a connection of its own */
  constructor(options: MemberClientOptions, way: Way = new Connection(options)) {
    this.#connection = way;
    this.member = options.member;
    this.endpoint = options.endpoint;
  }

  /**
   * A client that goes through the own member as long as that one serves, and else through another. Each call is made once, as
   * ever: who has failed is only not asked the next time. Closing it closes none of them.
   * @param others asked for anew each time
   * @param ownServes whether the own member has been seen to serve since then, on the monotonic clock
   */
  static failingOver(
    own: MemberClient,
    others: () => readonly MemberClient[],
    ownServes: (sinceMs: number) => boolean,
  ): MemberClient {
    const way = new FailoverWay(own.#connection, () => others().map((other) => other.#connection), ownServes);
    return new MemberClient({ member: own.member, endpoint: own.endpoint }, way);
  }

  /** Why changed certificate or password files are not in use (the former ones still are), if so. */
  get credentialFault(): Fault | undefined {
    return this.#connection.credentialFault;
  }

  /** Logs in at this member, for a token that every member takes; undefined where no user is configured or none is asked for. */
  async logIn(signal?: AbortSignal): Promise<string | undefined> {
    const session = await this.#connection.open('Authenticate', signal);
    try {
      return await untilAborted(session.logIn(), signal);
    } catch (error) {
      throw await this.#connection.explain(error, 'Authenticate', signal, session);
    } finally {
      session.release();
    }
  }

  /** What the member says of itself; needs no quorum. */
  status(signal?: AbortSignal): Promise<StatusReply> {
    return this.#call(STATUS, undefined, signal);
  }

  /**
   * The member list as the quorum has it; where no quorum answers within `linearizableTimeoutMs` (default: half the call
   * timeout), as this member remembers it, and flagged so.
   */
  memberList(
    signal?: AbortSignal,
    linearizableTimeoutMs: number = this.#connection.options.callTimeoutMs / 2,
  ): Promise<MemberList> {
    return readMemberList({
      linearizableRead: (within) => this.linearizableRead(within),
      call: (method, request, within) => this.#call(method, request, within),
      linearizableTimeoutMs,
      signal,
    });
  }

  /** Active alarms of all members, as this member knows them; needs no quorum and writes nothing. */
  async alarms(signal?: AbortSignal): Promise<readonly AlarmEntry[]> {
    return alarmsIn(await this.status(signal));
  }

  /**
   * Reads one key through the quorum and says how long it took. Fails with `ETCD_DEADLINE`, `ETCD_TIMED_OUT` or
   * `ETCD_NO_LEADER` where there is none, and with `ETCD_LEARNER` on a learner.
   */
  async linearizableRead(signal?: AbortSignal): Promise<LinearizableRead> {
    const startedAt = performance.now();
    try {
      await this.#call(RANGE, { key: HEALTH_KEY, limit: 1, keysOnly: true }, signal);
    } catch (error) {
      // Etcd looks at the user after the quorum has answered, so this tells as much as an answer would.
      if (!(error instanceof EtcdError) || !REFUSED_TO_USER.has(error.code)) throw error;
    }
    return { seconds: (performance.now() - startedAt) / 1000 };
  }

  /** One page of a range. Its keys and values are views of one buffer: copy what is to outlive the page. */
  range(request: RangeRequest, signal?: AbortSignal): Promise<RangePage> {
    return this.#call(RANGE, request, signal);
  }

  /** One page of a range of which only the keys and the sizes of the values are looked at, without a copy of either. */
  keySizes(request: RangeRequest, signal?: AbortSignal): Promise<KeySizesPage> {
    return this.#call(KEY_SIZES, request, signal);
  }

  /**
   * What happens in a range, as it happens. A slow consumer slows the server. It never starts again by itself; throws
   * `ETCD_COMPACTED` (with `compactRevision`), `ETCD_WATCH_ENDED`, or what a call fails with.
   */
  watch(request: WatchRequest, signal?: AbortSignal): AsyncGenerator<WatchBatch, void, undefined> {
    return watch(this.#connection, request, signal);
  }

  /** The member's whole backend as a file in pieces, the last 32 bytes being its SHA-256. Needs the root role under auth. */
  snapshot(signal?: AbortSignal): AsyncGenerator<SnapshotChunk, void, undefined> {
    return serverStream(this.#connection, SNAPSHOT, undefined, signal);
  }

  /**
   * Whether the server asks for a user. Etcd 3.4 does not have the call, and a newer member is not asked while there may be older ones, which it would
   * end: `ETCD_OLDER_MEMBERS`.
   */
  async authStatus(signal?: AbortSignal): Promise<AuthStatus> {
    await refuseBesideOlder('AuthStatus', this.#connection.options, signal);
    return this.#call(AUTH_STATUS, undefined, signal);
  }

  /** Writes one key. Made once, whatever happens. */
  async put(key: Buffer, value: Buffer, signal?: AbortSignal): Promise<ReplyHeader> {
    const { kv, headerOf, withSignal } = await this.etcd3();
    return headerOf(await kv.put({ key, value }, withSignal(signal)));
  }

  /** Deletes one key, or with `rangeEnd` (exclusive) a range; says how many keys there were. Made once. */
  async deleteRange(
    key: Buffer,
    rangeEnd?: Buffer,
    signal?: AbortSignal,
  ): Promise<{ header: ReplyHeader; deleted: number }> {
    const { kv, headerOf, withSignal } = await this.etcd3();
    const request = rangeEnd === undefined ? { key } : { key, range_end: rangeEnd };
    const reply = await kv.deleteRange(request, withSignal(signal));
    return { header: headerOf(reply), deleted: Number(reply.deleted) };
  }

  /** All changes in one revision, if all conditions hold. Made once: where the answer is lost, only a read tells. */
  txn(request: TxnRequest, signal?: AbortSignal): Promise<TxnReply> {
    return this.#call(TXN, request, signal);
  }

  /**
   * Takes a lease, once. Where the answer is lost, etcd lets it go by itself. Refused with `ETCD_NOSPACE` under that alarm.
   * @param id refused where there is a lease with it; left out: etcd chooses one
   */
  grantLease(ttlSeconds: number, signal?: AbortSignal, id?: bigint): Promise<GrantedLease> {
    return this.#call(LEASE_GRANT, { ttlSeconds, id }, signal);
  }

  /** Gives a lease back, with every key under it. */
  async revokeLease(id: bigint, signal?: AbortSignal): Promise<void> {
    await this.#call(LEASE_REVOKE, { id }, signal);
  }

  /** Keeps a lease alive, once: the TTL that it has from now on, in seconds, 0 or less when it is gone. */
  async keepLeaseAlive(id: bigint, signal?: AbortSignal): Promise<number> {
    for await (const ttlSeconds of duplexStream(this.#connection, LEASE_KEEP_ALIVE, { id }, signal)) return ttlSeconds;
    return 0;
  }

  /** For how long a lease was granted, and what is left of it. Answered by the raft leader. */
  leaseTimes(id: bigint, signal?: AbortSignal): Promise<LeaseTimes> {
    return this.#call(LEASE_TIME_TO_LIVE, { id }, signal);
  }

  /**
   * The typed clients of the `etcd3` package, on this client's connection: everything that changes the cluster goes
   * through them. They are loaded at the first use, since an agent that only observes does without.
   */
  etcd3(): Promise<Etcd3Clients> {
    this.#etcd3 ??= import('./etcd3-clients.ts').then((module) => module.etcd3Clients(this.#connection));
    return this.#etcd3;
  }

  /** Ends the connection; calls under way fail with `ETCD_CLOSED`. */
  close(): void {
    this.#connection.close();
  }

  async #call<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    callerSignal?: AbortSignal,
  ): Promise<Reply> {
    const link = this.#connection.linked(callerSignal);
    try {
      return await this.#callWithin(method, request, link.signal);
    } finally {
      link.release();
    }
  }

  async #callWithin<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { readRetries, callTimeoutMs } = this.#connection.options;
    const deadlineMs = Date.now() + callTimeoutMs;
    for (let retry = 0; ; retry += 1) {
      try {
        return await this.#connection.run(method.name, signal, ({ session, metadata }) =>
          callUnary(session.client, method, request, metadata, deadlineMs, signal),
        );
      } catch (error) {
        const pauseMs = FIRST_PAUSE_MS * 2 ** retry;
        const mayRepeat =
          method.readOnly && retry < readRetries && error instanceof EtcdError && PASSING.has(error.code);
        if (!mayRepeat || Date.now() + pauseMs >= deadlineMs) throw error;
        await sleep(pauseMs, undefined, { signal }).catch(() => {
          throw error;
        });
      }
    }
  }
}
