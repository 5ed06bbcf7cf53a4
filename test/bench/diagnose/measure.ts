import { setTimeout as sleep } from 'node:timers/promises';
import type { DiagnosedFault } from './fault.ts';
import { type DiagnoseGround, nameOf, type Said } from './ground.ts';

const everyMs = 500;

/** What came of one run. */
export interface Outcome {
  /** The right verdict stood at the top of every agent that had to say it, when the fault had lasted its time. */
  readonly isRight: boolean;
  /** What stood there. */
  readonly tops: readonly string[];
  /** Until it stood at the top of all of them for the first time. */
  readonly seconds?: number;
  /** Everything else that any agent named meanwhile. */
  readonly others: readonly string[];
}

/** Strikes a member and looks at what the agents say, until the fault has lasted its time; then undoes it. */
export async function measured(
  fault: DiagnosedFault,
  ground: DiagnoseGround,
  run: number,
  lastsMs: number,
): Promise<Outcome> {
  const { members } = ground.cluster;
  // A small disk is under the last member's data.
  const at = fault.ground?.smallDisk === true ? members.length - 1 : run % members.length;
  const [victim, other] = [members[at], members[(at + 1) % members.length]];
  if (victim === undefined || other === undefined) throw new Error('a cluster without members');
  const named = fault.of === undefined ? undefined : (fault.of === 'victim' ? victim : other).name;
  const isRight = (said: Said | undefined): boolean => {
    const [top] = said ?? [];
    return top !== undefined && fault.expected.includes(top.verdict) && top.member === named;
  };
  const asked = members
    .map(({ name }) => name)
    .filter((name) => fault.by === 'all' || (name === victim.name) === (fault.by === 'victim'));

  const others = new Set<string>();
  const struck = await fault.strike({ ground, victim, other });
  const startMs = performance.now();
  let seconds: number | undefined;
  let said: ReadonlyMap<string, Said> = new Map();
  try {
    while (performance.now() - startMs < lastsMs) {
      said = await ground.said();
      if (seconds === undefined && asked.every((name) => isRight(said.get(name)))) {
        seconds = (performance.now() - startMs) / 1000;
      }
      for (const cause of [...said.values()].flat()) {
        const isMeant = fault.expected.includes(cause.verdict) && cause.member === named;
        if (!isMeant) others.add(nameOf(cause));
      }
      await sleep(everyMs);
    }
  } finally {
    await struck.undo();
  }
  return {
    isRight: asked.every((name) => isRight(said.get(name))),
    tops: asked.map((name) => `${name}: ${topOf(said.get(name))}`),
    ...(seconds === undefined ? {} : { seconds }),
    others: [...others],
  };
}

function topOf(said: Said | undefined): string {
  const [top] = said ?? [];
  return top === undefined ? 'nothing' : `${nameOf(top)} (${top.evidence.join('; ')})`;
}
