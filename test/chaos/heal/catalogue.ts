import { dataFaults } from './data-faults.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network-faults.ts';
import { processFaults } from './process-faults.ts';
import { stepFaults } from './step-faults.ts';

/** Every fault that a run may draw. */
export const catalogue: readonly Fault[] = [...processFaults, ...dataFaults, ...networkFaults, ...stepFaults];

/** Those with these names; all of them without names. Throws where there is none of a name. */
export function faultsNamed(names: readonly string[] | undefined): readonly Fault[] {
  if (names === undefined) return catalogue;
  return names.map((name) => {
    const found = catalogue.find((fault) => fault.name === name);
    if (found !== undefined) return found;
    throw new Error(`there is no fault ${name}: ${catalogue.map((fault) => fault.name).join(', ')}`);
  });
}
