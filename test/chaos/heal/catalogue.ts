import { dataFaults } from './data-faults.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network-faults.ts';
import { pausedReplaceFaults } from './paused-replace-faults.ts';
import { processFaults } from './process-faults.ts';
import { recoveryFaults } from './recovery-faults.ts';
import { stepFaults } from './step-faults.ts';
import { twoFaults } from './two-faults.ts';
import { valueFaults } from './value-faults.ts';

/** Every fault that a run may draw. */
export const catalogue: readonly Fault[] = [
  ...processFaults,
  ...dataFaults,
  ...networkFaults,
  ...stepFaults,
  ...pausedReplaceFaults,
  ...twoFaults,
  ...recoveryFaults,
  ...valueFaults,
];

/**
 * Those with these names; without names all that a cluster of so many members has, but for those that are for a run of their own. Throws
 * where there is none of a name.
 */
export function faultsNamed(names: readonly string[] | undefined, members = 3): readonly Fault[] {
  if (names === undefined) {
    return catalogue.filter(({ apart, needs }) => apart === undefined && (needs !== 'five-members' || members >= 5));
  }
  return names.map((name) => {
    const found = catalogue.find((fault) => fault.name === name);
    if (found !== undefined) return found;
    throw new Error(`there is no fault ${name}: ${catalogue.map((fault) => fault.name).join(', ')}`);
  });
}
