import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** The word and colour for each value. */
export type Words = Readonly<Record<string, readonly [text: string, color: string]>>;

/** For what is 1 when it is as it should be. */
export const YES_IS_WELL: Words = { 0: ['no', 'red'], 1: ['yes', 'green'] };

/** For what is only there while it holds, and is bad then. */
export const HOLDS: Words = { 1: ['holds', 'red'] };

/** For what is 1 now and then, which is neither good nor bad. */
export const NOW_AND_THEN: Words = { 0: ['no', 'transparent'], 1: ['yes', 'blue'] };

/** As Grafana has it. */
export function wordsOf(words: Words): ValueMapping[] {
  const entries = Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]);
  return [{ type: MappingType.ValueToText, options: Object.fromEntries(entries) }];
}
