import * as z from 'zod';
import { parseEndpoint, parseListenAddress, parsePageUrl } from './address.ts';
import { durationPattern, formatDurationMs, parseDurationMs } from './duration.ts';
import type { Parsed } from './parsed.ts';
import { formatSizeBytes, parseSizeBytes, sizePattern } from './size.ts';

/** How a value is written in an environment variable or behind `--set`. */
type LeafForm = 'text' | 'number' | 'boolean' | 'list';

/** What is known of one key besides its schema. */
export interface LeafInfo {
  readonly form: LeafForm;
  /** What the key does, in one or two sentences. */
  readonly about: string;
  /** What may stand there: "a duration of 1s to 1h, such as 10s or 1m30s". */
  readonly allowed: string;
  /** One sentence for a value of another type. */
  readonly wrongType: string;
  /** A value that is wrong here may be a secret (a password where the path of a file belongs), so it is never shown. */
  readonly hidden: boolean;
  /** What stands between the elements of a list that is written as text. */
  readonly separator: ',' | ';';
}

/** Every leaf of the schema with what is known of it. */
export const leafInfo = z.registry<LeafInfo>();

interface LeafOptions {
  readonly form?: LeafForm;
  readonly wrongType?: string;
  readonly hidden?: boolean;
  readonly separator?: ',' | ';';
  /** For the JSON Schema, where the schema itself has no pattern: what editors can check. */
  readonly pattern?: string;
}

/** Makes a leaf: describes its schema for the reference, for errors and for the JSON Schema. */
export function leaf<S extends z.ZodType>(schema: S, about: string, allowed: string, options: LeafOptions = {}): S {
  const pattern = options.pattern === undefined ? {} : { pattern: options.pattern };
  const described = schema.meta({ description: `${about} Allowed: ${allowed}.`, ...pattern });
  const { form = 'text', wrongType = 'it is not text (put it in quotes)', hidden = false, separator = ',' } = options;
  leafInfo.add(described, { form, about, allowed, wrongType, hidden, separator });
  return described;
}

/** Turns a pure parser into the second half of a schema. */
export function reading<T, I>(parse: (found: I) => Parsed<T>): (found: I, context: z.RefinementCtx) => T {
  return (found, context) => {
    const parsed = parse(found);
    if ('value' in parsed) return parsed.value;
    context.addIssue({ code: 'custom', message: parsed.problem });
    return z.NEVER;
  };
}

function within(parsed: Parsed<number>, min: number, max: number): Parsed<number> {
  if ('problem' in parsed) return parsed;
  if (parsed.value < min) return { problem: 'it is too small' };
  if (parsed.value > max) return { problem: 'it is too large' };
  return parsed;
}

/** A line of text that matches `pattern`. */
export function text(about: string, allowed: string, pattern: RegExp) {
  return leaf(z.string().regex(pattern, 'it does not fit'), about, allowed);
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(about: string, words: T) {
  return leaf(z.enum(words), about, words.join(' or '), { wrongType: 'it is none of these words' });
}

/** True or false. */
export function flag(about: string) {
  return leaf(z.boolean(), about, 'true or false', { form: 'boolean', wrongType: 'it is neither true nor false' });
}

/** A whole number. */
export function integer(about: string, min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return leaf(z.int().min(min, 'it is too small').max(max, 'it is too large'), about, allowed, {
    form: 'number',
    wrongType: 'it is not a whole number',
  });
}

/** A number, which may have a fraction. */
export function number(about: string, min: number, max: number) {
  const allowed = `a number from ${min} to ${max}`;
  return leaf(z.number().min(min, 'it is too small').max(max, 'it is too large'), about, allowed, {
    form: 'number',
    wrongType: 'it is not a number',
  });
}

/** A share of something. */
export function ratio(about: string, min = 0, max = 1) {
  const allowed = `a share from ${min} to ${max} (0.5 is half)`;
  return leaf(z.number().min(min, 'it is too small').max(max, 'it is too large'), about, allowed, {
    form: 'number',
    wrongType: 'it is not a number',
  });
}

/** A duration; the parsed value is in ms. */
export function duration(about: string, minMs: number, maxMs: number) {
  const allowed = `a duration from ${formatDurationMs(minMs)} to ${formatDurationMs(maxMs)} (units d, h, m, s, ms)`;
  const parse = reading((found: string) => within(parseDurationMs(found), minMs, maxMs));
  return leaf(z.string().transform(parse), about, allowed, { wrongType: 'it has no unit', pattern: durationPattern });
}

/** A size; the parsed value is in bytes. */
export function size(about: string, minBytes: number, maxBytes: number) {
  const allowed = `a size from ${formatSizeBytes(minBytes)} to ${formatSizeBytes(maxBytes)} (units B, KiB, MiB, GiB, TiB)`;
  const parse = reading((found: string | number) => within(parseSizeBytes(String(found)), minBytes, maxBytes));
  return leaf(z.union([z.string(), z.int()]).transform(parse), about, allowed, {
    wrongType: 'it is not a size',
    pattern: sizePattern,
  });
}

/** The absolute path of a file or folder. */
export function path(about: string) {
  return leaf(z.string().regex(/^\/[^\0\n]*$/, 'it is not an absolute path'), about, 'an absolute path');
}

/** The path of a Unix socket. The kernel takes at most 107 bytes (`sun_path`, unix(7)). */
export function socketPath(about: string) {
  const schema = z
    .string()
    .regex(/^\/[^\0\n]*$/, 'it is not an absolute path')
    .refine((found) => Buffer.byteLength(found) <= 107, 'it is longer than 107 bytes');
  return leaf(schema, about, 'an absolute path of at most 107 bytes');
}

/** The absolute path of a file that holds a secret: what stands there instead of a path is never shown. */
export function secretFile(about: string) {
  const allowed = 'the absolute path of a file that holds the secret (never the secret itself)';
  const pattern = /^\/[^\0\n]*$/;
  return leaf(z.string().regex(pattern, 'it is not an absolute path'), about, allowed, { hidden: true });
}

const endpointForm =
  'http:// or https:// with a host and a port, such as https://10.0.0.1:2379 or https://[fd00::1]:2379';

/** One etcd endpoint. */
export function endpoint(about: string) {
  return leaf(z.string().transform(reading(parseEndpoint)), about, endpointForm, { pattern: '^https?://[^/?#@]+/?$' });
}

/** Several etcd endpoints, at least one. */
export function endpoints(about: string) {
  const list = z.array(z.string().transform(reading(parseEndpoint))).min(1, 'it is empty');
  return leaf(list, about, `a list of URLs, each ${endpointForm}`, {
    form: 'list',
    wrongType: 'it is not a list of texts',
  });
}

/** The URL of a page. */
export function pageUrl(about: string) {
  const schema = z.string().transform(reading(parsePageUrl));
  return leaf(schema, about, `${endpointForm}, and a path`, { pattern: '^https?://[^/?#@]+(/[^?#]*)?$' });
}

/** The address of a listener. */
export function listenAddress(about: string) {
  const allowed = 'a host and a port, such as 127.0.0.1:9379, [::1]:9379 or 0.0.0.0:9379';
  return leaf(z.string().transform(reading(parseListenAddress)), about, allowed, { pattern: '^.+:[0-9]{1,5}$' });
}
