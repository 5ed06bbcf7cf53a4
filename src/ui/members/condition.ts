import type { ActiveAlarm } from '../../cluster/sections.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { StatusMember } from '../../expose/status.ts';
import type { IconName } from '../frame/icon.tsx';

/** How a member does, in colour, picture and word. */
export interface Condition {
  readonly tone: 'good' | 'warning' | 'bad' | 'neutral';
  readonly icon: IconName;
  readonly word: string;
}

/** Pure: the worst that is true of a member. */
export function memberCondition(member: AsJson<StatusMember>, alarms: readonly AsJson<ActiveAlarm>[]): Condition {
  const raised = new Set(alarms.map(({ alarm }) => alarm));
  if (member.role === 'unstarted') return { tone: 'neutral', icon: 'unknown', word: 'not started yet' };
  if (!member.reachable) return { tone: 'bad', icon: 'bad', word: 'unreachable' };
  if (raised.has('CORRUPT')) return { tone: 'bad', icon: 'bad', word: 'corrupt' };
  if (raised.has('NOSPACE')) return { tone: 'bad', icon: 'bad', word: 'no space' };
  if (!member.healthy) return { tone: 'warning', icon: 'warning', word: 'unhealthy' };
  return { tone: 'good', icon: 'good', word: 'healthy' };
}
