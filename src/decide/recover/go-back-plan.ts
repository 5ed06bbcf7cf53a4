import type { FoundPoint, RecoveryPlan } from '../../cluster/recovery.ts';
import { formatCount } from '../../cluster/units.ts';
import { clones } from './doubts.ts';
import { because } from './reasons.ts';
import type { RecoverInput } from './recover-plan.ts';
import { canStart, notHeard, promised } from './waiting.ts';

/**
 * How a whole cluster goes back to an older revision, as a person asks for it, whether or not it has a quorum. Pure. What was written after
 * it is taken back. Every agent has to be heard, or its member called lost: one that went on with what it has would be another cluster.
 * @param point of the store; undefined where there is none
 */
export function goBackPlan(
  { members, lost, store, storeTrouble, nowMs }: RecoverInput,
  point: FoundPoint | undefined,
): RecoveryPlan {
  const heard = members.flatMap(({ evidence }) => evidence ?? []);
  const toRevision = point?.revision;
  const [first, ...more] = [
    ...promised(heard),
    ...clones(members),
    ...notHeard({ members, lost, nowMs }),
    ...(store === undefined ? [because('NO_BACKUP', storeTrouble ?? 'no store has a backup of this cluster')] : []),
    ...(store !== undefined &&
    toRevision !== undefined &&
    (store.revision < toRevision || store.oldestRevision > toRevision)
      ? [
          because(
            'POINT_NOT_STORED',
            `${store.url} has revisions ${store.oldestRevision} to ${store.revision}: name one of these`,
          ),
        ]
      : []),
  ];
  if (first !== undefined) return { kind: 'hold', reasons: [first, ...more] };
  const seed = heard
    .filter(canStart)
    .map(({ member }) => member)
    .toSorted()[0];
  if (seed === undefined || store === undefined || toRevision === undefined) {
    return { kind: 'hold', reasons: [because('NO_AGENT_TO_SEED', 'no agent that was heard can start a member')] };
  }
  let newest = store.revision;
  for (const { revision } of heard.flatMap(({ sightings }) => sightings)) if (revision > newest) newest = revision;
  const takenBack = newest - toRevision;
  return {
    kind: 'seed-from-store',
    ...{ seed, store, toRevision },
    bound: { revisions: takenBack, basis: `a person takes back everything after revision ${toRevision}` },
    reasons: [
      because(
        'GO_BACK',
        `the cluster goes back to revision ${toRevision}, ${formatCount(takenBack)} revisions or more`,
      ),
      ...(point?.note === undefined ? [] : [because('GO_BACK', point.note)]),
    ],
  };
}
