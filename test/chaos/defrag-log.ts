import type { RealMember } from '../real/cluster.ts';

/** One defragmentation as etcd itself has written it down; times in ms, all members have one machine's clock. */
export interface LoggedDefrag {
  readonly member: string;
  readonly fromMs: number;
  /** Infinity while it goes on. */
  readonly toMs: number;
}

/** All of a member's defragmentations since a time. */
export function defragsOf(member: RealMember, sinceMs: number): LoggedDefrag[] {
  const found: LoggedDefrag[] = [];
  for (const line of member.log().split('\n')) {
    const begins = line.includes('"starting defragment"');
    if (!begins && !line.includes('"finished defragment"')) continue;
    const atMs = Date.parse(/"ts":"([^"]+)"/.exec(line)?.[1] ?? '');
    if (begins) found.push({ member: member.name, fromMs: atMs, toMs: Number.POSITIVE_INFINITY });
    const last = found.at(-1);
    if (!begins && last !== undefined) found[found.length - 1] = { ...last, toMs: atMs };
  }
  return found.filter(({ toMs }) => toMs >= sinceMs);
}

/** Pairs of members that were being defragmented at once, in words. */
export function overlapping(all: readonly LoggedDefrag[]): readonly string[] {
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => other.member !== one.member && other.fromMs < one.toMs && one.fromMs < other.toMs)
      .map((other) => `${one.member} and ${other.member} were defragmented at once`),
  );
}
