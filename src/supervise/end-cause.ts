import type { EndCause } from '../cluster/own-member.ts';
import { differingPeers } from './differing-peers.ts';
import { lastWords } from './last-words.ts';

/** Why a process of etcd has ended, and the words of its log that say so. */
export interface ExplainedEnd {
  readonly cause: EndCause;
  readonly evidence?: string;
  /** Of `data-differs`: see `ProcessEnd`. */
  readonly differsFrom?: readonly string[];
}

/**
 * What etcd 3.4 and 3.5 say at the end, as `message: error`, and what it means; the first that fits counts. Each cause was
 * provoked on real etcds (test/fixtures/etcd-ends has what they wrote); a few more words are from the sources of etcd, bbolt and Go.
 */
const sayings: readonly (readonly [EndCause, RegExp])[] = [
  // Before all others: 3.5 stops its listeners for it, and says last that these have failed.
  ['removed', /the member has been permanently removed from the cluster/],
  ['disk-full', /no space left on device|disk quota exceeded/],
  ['address-in-use', /bind: address already in use/],
  ['data-differs', /found data inconsistency with peers/],
  [
    'bad-flag',
    /^failed to verify flags|flag provided but not defined|^invalid (boolean )?value ".*" for|is not a valid flag|conflicting environment variable|couldn't find local name/,
  ],
  ['wrong-cluster', /has already been bootstrapped|error validating peerURLs/],
  // Data that are behind what this member has acknowledged, as an old copy or a log that lost its end.
  ['log-behind', /tocommit\(\d+\) is out of range/],
  ['wal-corrupt', /\bwalp?b?: |crc mismatch|proto: (illegal|wrong) wireType/],
  // Not where it could not be opened for another reason, which says nothing of what is in it.
  [
    'database-corrupt',
    /failed to open database: (checksum error|invalid database|version mismatch)|failed to recover v3 backend from snapshot: .*snapshot file doesn't exist|freepages: |Page expected to be: |invalid freelist page/,
  ],
  // The database is mapped into memory: one that is shorter than its pages say, or on a disk that cannot give them, ends so.
  ['database-corrupt', /^unexpected fault address|^fatal error: fault/],
  [
    'certificate',
    /\b(x509|tls): |^(listener|discovery) failed: open (?!.*\/member\/).*: (no such file or directory|permission denied)/,
  ],
  // Where nobody could see how the process ended.
  ['asked', /^received signal; shutting down/],
];

/**
 * Why etcd has ended, from how (`exit code 1`, `SIGKILL`, `unknown`) and the last lines of its log: JSON lines, and what the Go
 * runtime prints. It only informs: a line in a log never proves what a disk holds.
 */
export function endCause(how: string, logTail: string): ExplainedEnd {
  if (how === 'SIGTERM' || how === 'SIGINT') return { cause: 'asked' };
  if (how.startsWith('SIG')) return { cause: 'killed' };
  const words = lastWords(logTail);
  for (const [cause, pattern] of sayings) {
    const evidence = words.find((line) => pattern.test(line));
    if (evidence === undefined) continue;
    const differsFrom = cause === 'data-differs' ? differingPeers(logTail) : [];
    return { cause, evidence: shortened(evidence), ...(differsFrom.length === 0 ? {} : { differsFrom }) };
  }
  // What panics with a logged line is printed once more, without the error.
  const last = words.findLast((line) => !line.startsWith('panic: ')) ?? words.at(-1);
  return { cause: 'unknown', ...(last === undefined ? {} : { evidence: shortened(last) }) };
}

const longestText = 300;

/** Long lines of etcd hold a list of members and say only behind it what is wrong. */
function shortened(text: string): string {
  if (text.length <= longestText) return text;
  return `${text.slice(0, 180)} … ${text.slice(-(longestText - 183))}`;
}
