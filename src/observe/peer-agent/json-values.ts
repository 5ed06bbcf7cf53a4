import * as z from 'zod';

/** An int64 of the agents' API: decimal text. */
export const int64 = z
  .string()
  .regex(/^-?[0-9]{1,19}$/)
  .transform(BigInt);

const notFinite: Readonly<Record<'+Inf' | '-Inf' | 'NaN', number>> = {
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

/** A number of the agents' API: JSON has none that is not finite, so these are words. */
export const number = z.union([z.number(), z.enum(['+Inf', '-Inf', 'NaN']).transform((word) => notFinite[word])]);

export const text = z.string();
export const texts = z.array(z.string());
export const truth = z.boolean();
/** By name. */
export const settings = z.record(z.string(), z.string());
