import { AgentError, faultOf } from '../../cluster/agent-error.ts';

/** What says of an object that it is no use, and nothing of the store or of who asks. */
const OF_THE_OBJECT: ReadonlySet<string> = new Set([
  'DECRYPTION_FAILED',
  'MANIFEST_UNREADABLE',
  'OBJECT_DAMAGED',
  'REPLAY_GAP',
  'REPLAY_IMPOSSIBLE',
  'SEGMENT_DAMAGED',
  // Whole, it may be, and of no use before somebody has it brought back, which takes hours.
  'STORE_COLD',
  'STORE_DAMAGED',
  'STORE_NOT_FOUND',
]);

/** One object of a chain is missing or not what was put there: another chain may do without it. */
export class BrokenObject extends AgentError {
  /** In the catalogue: of a full snapshot, that of its manifest. */
  readonly key: string;

  constructor(key: string, reason: unknown) {
    const { code, message, remedy } = faultOf(reason);
    super(code, message, { cause: reason, ...(remedy === undefined ? {} : { remedy }) });
    this.key = key;
  }
}

/** The error as `BrokenObject`, where it says that the object is broken; else itself. */
export function brokenOr(key: string, error: unknown): unknown {
  if (error instanceof BrokenObject || !OF_THE_OBJECT.has(faultOf(error).code)) return error;
  return new BrokenObject(key, error);
}

/** What an object is not, in the words of one. */
export function objectDamaged(key: string, what: string): AgentError {
  return new AgentError('OBJECT_DAMAGED', `${key} is damaged: ${what}.`, {
    remedy: 'Run `backup verify`: it says what is lost with it, and which chain is whole.',
  });
}
