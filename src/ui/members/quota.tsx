import type { JSX } from 'preact';
import type { QuotaSection } from '../../cluster/sections.ts';
import { formatBytes, formatPercent, formatSpan } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { StatusMember } from '../../expose/status.ts';

interface QuotaProps {
  readonly quota: AsJson<QuotaSection> | undefined;
  readonly member: AsJson<StatusMember>;
}

/** From here on NOSPACE is near, as the agents' own policy has it. */
const HIGH_RATIO = 0.8;
const FULL_RATIO = 0.95;

/** How much of the quota is used, and how long it lasts. */
export function Quota({ quota, member }: QuotaProps): JSX.Element {
  const size = quota?.dbSizeBytes ?? member.dbSizeBytes;
  if (quota === undefined || typeof quota.usedRatio !== 'number' || typeof quota.quotaBytes !== 'number') {
    const state = quota?.quotaSource === 'disabled' ? 'disabled' : 'not known';
    return (
      <p class="quota-words">
        Quota {state}
        {typeof size === 'number' ? `, ${formatBytes(size)} in the file` : ''}
      </p>
    );
  }
  const { usedRatio, quotaBytes, fullInSeconds } = quota;
  const level = usedRatio >= FULL_RATIO ? 'bad' : usedRatio >= HIGH_RATIO ? 'warning' : 'good';
  const full =
    fullInSeconds === undefined
      ? 'time to full not known yet'
      : fullInSeconds === '+Inf'
        ? 'not growing'
        : `full in ${formatSpan(fullInSeconds)}`;
  return (
    <div class="quota">
      <div class="bar" aria-hidden="true">
        <div class={`bar-fill bar-${level}`} style={{ width: `${Math.min(100, usedRatio * 100)}%` }} />
      </div>
      <p class="quota-words number">
        Quota {formatPercent(usedRatio)}: {typeof size === 'number' ? formatBytes(size) : '?'} of{' '}
        {formatBytes(quotaBytes)}, {full}
      </p>
    </div>
  );
}
