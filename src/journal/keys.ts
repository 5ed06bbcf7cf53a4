/** Width of a revision in a key, so that keys sort as revisions do: int64 has at most 19 digits. */
const REVISION_DIGITS = 19;

/** From `key` on, up to `rangeEnd` without it. */
export interface KeyRange {
  readonly key: Buffer;
  readonly rangeEnd: Buffer;
}

/** Where the agents' own keys are, below `cluster.keyPrefix`. */
export interface JournalKeys {
  readonly prefix: string;
  /** Everything below the prefix, as a range. */
  readonly all: KeyRange;
  readonly leader: Buffer;
  readonly epoch: Buffer;
  readonly slot: Buffer;
  readonly pause: Buffer;
  readonly resumed: Buffer;
  readonly armed: Buffer;
  readonly places: Buffer;
  /** Which history of the cluster its backups are of. */
  readonly timeline: Buffer;
  /** What says `resume` by going, while nothing can be put. */
  readonly resumeTokens: KeyRange;
  /** All ended operations, the oldest first. */
  readonly histories: KeyRange;
  /** The key that a test write goes to. */
  readonly canary: Buffer;
  agent(memberId: string): Buffer;
  /** What the agent beside this member writes to see what a client gets. */
  canaryOf(memberId: string): Buffer;
  history(revision: bigint): Buffer;
  request(id: string): Buffer;
  report(operationId: string): Buffer;
  resumeToken(index: number): Buffer;
  /** The spare epoch `epoch` as `memberId` would take it: see `lead/spare-epochs.ts`. */
  spareEpoch(epoch: bigint, memberId: string): Buffer;
  /** One spare step of a spare epoch. */
  spareStep(epoch: bigint, index: number): Buffer;
  /** All keys of the spare epochs from one on, up to another without it; absent: of all that follow. */
  spareEpochs(from: bigint, until?: bigint): KeyRange;
}

/** @param prefix begins and ends with a slash */
export function journalKeys(prefix: string): JournalKeys {
  const at = (name: string): Buffer => Buffer.from(`${prefix}${name}`);
  return {
    prefix,
    all: { key: at(''), rangeEnd: endOf(prefix) },
    leader: at('leader'),
    epoch: at('epoch'),
    slot: at('slot'),
    pause: at('pause'),
    resumed: at('resumed'),
    armed: at('armed'),
    places: at('places'),
    timeline: at('timeline'),
    resumeTokens: { key: at('resume/'), rangeEnd: endOf(`${prefix}resume/`) },
    histories: { key: at('history/'), rangeEnd: endOf(`${prefix}history/`) },
    canary: at('canary'),
    agent: (memberId) => at(`agents/${memberId}`),
    canaryOf: (memberId) => at(`canary/${memberId}`),
    history: (revision) => at(`history/${digits(revision)}`),
    request: (id) => at(`requests/${id}`),
    report: (operationId) => at(`reports/${operationId}`),
    resumeToken: (index) => at(`resume/${indexDigits(index)}`),
    spareEpoch: (epoch, memberId) => at(`spare/${digits(epoch)}/epoch/${memberId}`),
    spareStep: (epoch, index) => at(`spare/${digits(epoch)}/step/${indexDigits(index)}`),
    spareEpochs: (from, until) => ({
      key: at(`spare/${digits(from)}/`),
      rangeEnd: until === undefined ? endOf(`${prefix}spare/`) : at(`spare/${digits(until)}/`),
    }),
  };
}

/** The first key after all that begin with a prefix, which ends with a slash. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  return Buffer.concat([end.subarray(0, -1), Buffer.from([(end.at(-1) ?? 0) + 1])]);
}

function indexDigits(index: number): string {
  return String(index).padStart(3, '0');
}

function digits(revision: bigint): string {
  return String(revision).padStart(REVISION_DIGITS, '0');
}
