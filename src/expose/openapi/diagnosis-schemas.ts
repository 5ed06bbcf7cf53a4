import { causeNames } from '../../cluster/diagnosis.ts';
import { integer, list, object, ref, type Schema, text } from './schema-parts.ts';

/** The shapes of a diagnosis: those of `cluster/diagnosis.ts` and `diagnosis.ts`. */
export const diagnosisSchemas: Readonly<Record<string, Schema>> = {
  CauseName: { type: 'string', enum: [...causeNames] },
  Cause: object({
    verdict: ref('CauseName'),
    'member?': { type: 'string', description: 'Absent where the whole cluster suffers.' },
    rank: { type: 'integer', description: '1 is what a person should read first.' },
    confidence: { type: 'string', enum: ['certain', 'likely', 'possible'] },
    evidence: { ...list(text), minItems: 1, description: 'What was measured, with numbers and units.' },
    firstStep: { type: 'string', description: 'What a person should do first.' },
    since: { type: 'string', format: 'date-time' },
    'explainedBy?': ref('CauseName'),
  }),
  Diagnosis: object({
    member: text,
    observedAt: { type: 'string', format: 'date-time' },
    looks: { ...integer, description: 'Rounds of observation that it rests on.' },
    causes: list(ref('Cause')),
  }),
};
