import type { JSX } from 'preact';
import type { JournaledStep } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { useNameOf } from '../words/names.ts';
import { clockText, machineTime, spanBetween } from '../words/time-words.ts';

interface StepsProps {
  readonly steps: AsJson<readonly JournaledStep[]>;
  /** When the last one ended, or now. */
  readonly endMs: number;
  /** The last one is being made. */
  readonly isRunning?: boolean;
}

/** The journaled steps of an operation, with when each began and how long it took. */
export function Steps({ steps, endMs, isRunning = false }: StepsProps): JSX.Element {
  const nameOf = useNameOf();
  return (
    <ol class="steps">
      {steps.map(({ name, memberId, atMs, detail }, index) => {
        const isNow = isRunning && index === steps.length - 1;
        const until = Number(steps[index + 1]?.atMs ?? endMs);
        return (
          <li
            key={`${index} ${name}`}
            class={isNow ? 'step step-now' : 'step'}
            aria-current={isNow ? 'step' : undefined}
          >
            <time class="number" dateTime={machineTime(Number(atMs))}>
              {clockText(Number(atMs))}
            </time>
            <span>
              <strong>{name}</strong>
              {memberId === undefined ? '' : ` ${nameOf(memberId)}`}
              {detail === undefined ? '' : `: ${detail}`}
            </span>
            <span class="number step-span">
              {isNow ? `${spanBetween(Number(atMs), until)} …` : spanBetween(Number(atMs), until)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
