import type { Reason } from '../../cluster/caretaking.ts';
import type { RecoveryEvidence } from '../../cluster/recovery.ts';
import { formatSpan } from '../../cluster/units.ts';
import { because } from './reasons.ts';

/** What was heard of one member. */
interface Heard {
  readonly name: string;
  readonly evidence?: RecoveryEvidence;
  /** Another agent than the one that asks answers where that one should: a sentence. */
  readonly clone?: string;
}

/**
 * Agents that are there twice: a machine was copied with its disk. Whoever of them is asked, the other one has the same name, the same promise and
 * the same data; two clusters could come of it. Pure.
 */
export function clones(members: readonly Heard[]): readonly Reason[] {
  const seen = members.flatMap(({ clone }) => (clone === undefined ? [] : because('AGENT_CLONED', clone)));
  const names = new Map<string, string[]>();
  for (const { name, evidence } of members) {
    const { dataDir, identity } = evidence?.own ?? {};
    const who = dataDir?.state === 'intact' ? dataDir : identity;
    if (who === undefined) continue;
    const key = `member ${who.memberId} of cluster ${who.clusterId}`;
    names.set(key, [...(names.get(key) ?? []), name]);
  }
  const twice = [...names].filter(([, each]) => each.length > 1);
  return [
    ...seen,
    ...twice.map(([who, each]) =>
      because(
        'IDENTITY_CLONED',
        `the agents beside ${each.join(' and ')} all say that theirs is ${who}: stop the one that was copied`,
      ),
    ),
  ];
}

/** Who is told what of a lost quorum, where that is not the same for all. Pure. */
export function settingsThatDiffer(members: readonly Heard[]): readonly Reason[] {
  const told = new Map<string, string[]>();
  for (const { name, evidence } of members) {
    if (evidence?.unattended === undefined) continue;
    const { mode, afterMs } = evidence.unattended;
    const what = mode === 'manual' ? 'manual' : `auto after ${formatSpan(afterMs / 1000)}`;
    told.set(what, [...(told.get(what) ?? []), name]);
  }
  if (told.size < 2) return [];
  const each = [...told].map(([what, names]) => `${names.join(', ')}: ${what}`).join('; ');
  return [because('SETTINGS_DIFFER', `the agents have different settings for a lost quorum (${each})`)];
}

/** How long the quorum must have been lost without a person: the longest that any agent is told. Undefined where one is told `manual`. */
export function unattendedAfterMs(members: readonly Heard[], ownMs: number): number | undefined {
  const told = members.flatMap(({ evidence }) => evidence?.unattended ?? []);
  if (told.some(({ mode }) => mode === 'manual')) return undefined;
  return Math.max(ownMs, ...told.map(({ afterMs }) => afterMs));
}
