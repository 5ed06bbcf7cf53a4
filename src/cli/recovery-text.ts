import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import { formatSpan } from './units.ts';

/** What a status says of a lost quorum, and of the last recovery; empty where there was none. Why it waits or holds stands in the findings. */
export function recoveryText({ recovery }: AsJson<Status>, nowMs: number): string {
  if (recovery === undefined) return '';
  const { state, lostAtMs, last, unattended } = recovery;
  const forHowLong =
    typeof lostAtMs === 'number'
      ? `the quorum has been lost for ${formatSpan(Math.max(0, nowMs - lostAtMs) / 1000)}, `
      : '';
  const lines = [
    ...(state === 'idle' ? [] : [`${forHowLong}${state} (heal.quorumLoss: ${unattended.mode})`]),
    ...(last === undefined
      ? []
      : [`the last one ${last.outcome} ${formatSpan(Math.max(0, nowMs - Number(last.endedAtMs)) / 1000)} ago`]),
  ];
  return lines.length === 0 ? '' : `Recovery  ${lines.join('\n          ')}\n`;
}
