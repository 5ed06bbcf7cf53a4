import type { Remedy } from '../cluster/caretaking-view.ts';
import { because } from './policy.ts';
import type { ReasonCode } from './reason-codes.ts';

/** What is the matter with a member. */
export type Verdict =
  | 'well'
  | 'process-down'
  | 'starved'
  | 'machine-gone'
  | 'partitioned'
  | 'partitioned-one-way'
  | 'disk-full'
  | 'disk-slow'
  | 'data-gone'
  | 'data-corrupt'
  | 'removed'
  | 'clock-off'
  | 'certificate-expired';

/** What a member suffers from, and what is to be done about it. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly remedy: Remedy;
  readonly reason: ReturnType<typeof because>;
}

/** Nothing is done yet: it may go by itself. @param message for people */
export function waiting(verdict: Verdict, code: ReasonCode, message: string): Judgement {
  return { verdict, remedy: 'wait', reason: because(code, message) };
}
