import type { Cause, HeldCause, Look } from '../cluster/diagnosis.ts';
import { certificateCauses } from './diagnose/certificates.ts';
import { clientCauses } from './diagnose/clients.ts';
import { clockCauses } from './diagnose/clock.ts';
import { configurationCauses } from './diagnose/configuration.ts';
import { cpuCauses } from './diagnose/cpu.ts';
import { diskCauses } from './diagnose/disk.ts';
import { memberCauses } from './diagnose/members.ts';
import { memoryCauses } from './diagnose/memory.ts';
import { networkCauses } from './diagnose/network.ts';
import { quotaCauses } from './diagnose/quota.ts';
import { ranked } from './diagnose/rank.ts';
import { type Symptoms, symptomsIn } from './diagnose/symptoms.ts';
import { upkeepCauses } from './diagnose/upkeep.ts';
import { Window } from './diagnose/window.ts';

/** A cause that was found stays for so long after it was found last: what comes and goes is told once, and does not flap. */
const holdMs = 30_000;

/**
 * Names the causes of what is wrong with a member and its cluster, from what its own agent has seen over the last rounds. Pure.
 * The first is what a person should read first: a cause stands above what it brings about.
 * @param looks the last rounds, oldest first; with none there are no causes
 * @param before what was found in the round before
 */
export function diagnose(looks: readonly Look[], before: readonly HeldCause[] = []): readonly HeldCause[] {
  const [first, ...others] = looks;
  if (first === undefined) return [];
  const window = new Window([first, ...others]);
  const { atMs, atMonotonicMs } = window.newest;
  const known = new Map(before.map((cause) => [keyOf(cause), cause]));
  const found = new Map(
    causesIn(window).map((cause) => [
      keyOf(cause),
      { ...cause, sinceMs: known.get(keyOf(cause))?.sinceMs ?? atMs, foundAtMonotonicMs: atMonotonicMs },
    ]),
  );
  const fading = before
    .filter((cause) => !found.has(keyOf(cause)) && atMonotonicMs - cause.foundAtMonotonicMs < holdMs)
    .map(({ rank: _, explainedBy: __, ...cause }) => cause);
  const { member, values } = window.newest;
  const own = { member, answers: values.member !== undefined };
  return ranked([...found.values(), ...fading], own, (cause) => !found.has(keyOf(cause)));
}

function causesIn(window: Window): readonly Cause[] {
  const symptoms = symptomsIn(window);
  const disk = diskCauses(window, symptoms);
  const load = withoutDisk(symptoms, disk);
  return [
    ...memberCauses(window),
    ...certificateCauses(window),
    ...disk,
    ...cpuCauses(window, symptoms),
    ...memoryCauses(window),
    ...networkCauses(window),
    ...clockCauses(window),
    ...clientCauses(window, load),
    ...quotaCauses(window),
    ...upkeepCauses(window, load),
    ...configurationCauses(window),
  ];
}

/**
 * What is felt of load. Where the disk is slow by itself or for others, slow fsyncs, and reads and applies that wait for them, say nothing of what
 * clients ask for: the normal day of a large cluster is not to hide a broken disk.
 */
function withoutDisk(symptoms: Symptoms, disk: readonly Cause[]): Symptoms {
  const isOthers = disk.some(
    ({ verdict, confidence }) =>
      confidence === 'likely' && (verdict === 'disk-slow-device' || verdict === 'disk-slow-neighbour'),
  );
  return isOthers ? { ...symptoms, isFelt: symptoms.isCpuHeavy } : symptoms;
}

function keyOf({ verdict, member = '' }: Cause): string {
  return `${verdict} ${member}`;
}
