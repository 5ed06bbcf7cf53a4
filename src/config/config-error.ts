import type { Origin } from './config.ts';

/** What kind of problem it is; stable, for programs. */
type ProblemCode =
  | 'FILE_UNREADABLE'
  | 'FILE_INVALID'
  | 'SYNTAX'
  | 'DUPLICATE_KEY'
  | 'UNKNOWN_KEY'
  | 'MISSING_KEY'
  | 'WRONG_VALUE'
  | 'CONTRADICTION';

/** One thing that is wrong with the configuration. Never holds a secret. */
export interface Problem {
  readonly code: ProblemCode;
  /** Path of the key, for example `observe.interval`; absent where the whole file is meant. */
  readonly key?: string;
  /** Where the key was set; absent where it was not set at all. */
  readonly origin?: Origin;
  /** One sentence: what is wrong. */
  readonly message: string;
  /** What was found there, where it can be shown. */
  readonly found?: string;
  /** What may stand there. */
  readonly allowed?: string;
  /** What was probably meant, or what to do. */
  readonly hint?: string;
}

/** An origin as a person reads it: `agent.yaml:12`, `ETCD_CARETAKER_PROFILE`, `--set profile`, `default`. */
export function formatOrigin(origin: Origin): string {
  if (origin === 'default') return 'default';
  if ('derivedFrom' in origin) return `from ${origin.derivedFrom}`;
  if ('env' in origin) return origin.env;
  if ('flag' in origin) return origin.flag;
  return `${origin.file}:${origin.line}`;
}

/** A problem in one line: where, which key, what is wrong, what was found, what is allowed, what to do. */
export function formatProblem(problem: Problem): string {
  const where = problem.origin === undefined ? [] : [formatOrigin(problem.origin)];
  // A flag says which key it sets.
  const isNamed = where[0] === `--set ${problem.key}`;
  const key = problem.key === undefined || isNamed ? [] : [problem.key];
  const found = problem.found === undefined ? '' : `; found ${problem.found}`;
  const allowed = problem.allowed === undefined ? '' : `; allowed: ${problem.allowed}`;
  const hint = problem.hint === undefined ? '' : `; ${problem.hint}`;
  return [...where, ...key, `${problem.message}${found}${allowed}${hint}`].join(': ');
}

/** The configuration cannot be used. Holds every problem that was found, not only the first. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(`the configuration has ${count}\n${problems.map((problem) => `  ${formatProblem(problem)}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
