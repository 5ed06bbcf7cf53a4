import type { HeldCause } from '../../../cluster/diagnosis.ts';
import { type Check, found, type Line, ok, skipped } from '../check.ts';

/** What all that was seen comes to: the causes of what is wrong, the one to read first first. */
export const diagnosisCheck: Check = {
  group: 'diagnosis',
  examine: ({ observation: { diagnosis } }) => {
    if (diagnosis === undefined) return [skipped('not diagnosed: it takes two looks at the member')];
    const { causes, looks } = diagnosis;
    return causes.length === 0 ? [ok(`no cause of any trouble is seen in ${looks} looks`)] : causes.map(lineOf);
  },
};

function lineOf({ verdict, member, evidence, firstStep, confidence, explainedBy }: HeldCause): Line {
  const of = member === undefined ? '' : ` of ${member}`;
  const by = explainedBy === undefined ? '' : `; it comes of ${explainedBy}`;
  return found({
    code: `DIAGNOSIS_${verdict.toUpperCase().replaceAll('-', '_')}`,
    // Two looks prove little: what was not seen itself, or comes of something else, is a note.
    severity: confidence === 'certain' && explainedBy === undefined ? 'warning' : 'info',
    message: `${verdict}${of} (${confidence}): ${evidence.join('; ')}${by}.`,
    remedy: firstStep,
  });
}
