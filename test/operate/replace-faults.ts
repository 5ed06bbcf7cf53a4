import type { HistoryEntry } from '../../src/cluster/caretaking.ts';
import type { Effects } from '../../src/operate/effects.ts';
import type { Membership } from './membership.ts';
import type { Operating } from './operating.ts';

/** Where the leading agent dies: right before the call of a step, when that is written down, or right after it. */
export interface StepPoint {
  readonly step: string;
  readonly when: 'before' | 'after';
}

/** The steps of a replacement in order. */
const STEPS = [
  ...['prepare-join', 'remove-member', 'fence', 'add-learner', 'learner-listed', 'start-joined', 'promote', 'verify'],
];

/** Every point at which it may die. */
export const stepPoints: readonly StepPoint[] = STEPS.flatMap((step): readonly StepPoint[] => [
  { step, when: 'before' },
  { step, when: 'after' },
]);

/** What came of a replacement that another leader had to go on with. */
export interface Resumed {
  /** Whether the first leader came to the point. */
  readonly died: boolean;
  readonly entry: HistoryEntry | undefined;
  /** What is not as it must be. */
  readonly problems: readonly string[];
}

/** Wipes a member, lets the leader that replaces it die at a point, and has the next one go on. */
export async function replaceResumed(on: Operating, at: Membership, name: string, point: StepPoint): Promise<Resumed> {
  const parameters = await at.replacing(name);
  const victim = String(parameters['victim']);
  await at.wipe(name);
  const begun = await at.begin('replace', parameters, [victim]);
  const { term } = begun;
  const dying = <A extends unknown[], R>(step: string, call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const result = await call(...args);
      if (point.step === step && point.when === 'after') term.end();
      return result;
    };
  };
  const { effects } = on;
  const mortal: Partial<Effects> = {
    removeMember: dying('remove-member', effects.removeMember),
    addLearner: dying('add-learner', effects.addLearner),
    promoteLearner: dying('promote', effects.promoteLearner),
    hashKeyspace: dying('verify', effects.hashKeyspace),
  };
  const agents = {
    reportOf: async (...args: Parameters<typeof begun.agents.reportOf>) => {
      const { phase } = begun.journal.slot;
      return dying(phase, begun.agents.reportOf)(...args);
    },
  };
  const before = await at.run(begun, {
    effects: mortal,
    agents,
    onStep: ({ phase }) => {
      // What has no call of its own ends with its step.
      if (point.step === phase && (point.when === 'before' || phase === 'learner-listed')) term.end();
    },
  });
  const entry = before ?? (await at.run(await at.takeOver(begun)));
  const { members, voters } = await on.observe();
  const after = members.find((member) => member.name === name);
  return {
    died: before === undefined,
    entry,
    problems: [
      ...(entry?.outcome === 'succeeded' ? [] : [`it ended as ${entry?.outcome} (${entry?.summary})`]),
      ...(members.length === 3 && voters === 3 ? [] : [`there are ${members.length} members and ${voters} voters`]),
      ...(after?.healthy === true && after.id !== victim ? [] : [`${name} is not back as another member`]),
    ],
  };
}
