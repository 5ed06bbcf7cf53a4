import type { ActiveAlarm } from '../../../cluster/sections.ts';
import { type Check, found, orOk, unread } from '../check.ts';

const remedies: Readonly<Record<ActiveAlarm['alarm'], string>> = {
  NOSPACE:
    'All writes are refused. Compact, defragment the members one by one, then disarm the alarm; or raise the quota.',
  CORRUPT:
    'Treat the data of this member as wrong: compare hashes, then replace the member. Do not disarm the alarm first.',
};

/** Alarms that etcd has raised. */
export const alarmsCheck: Check = {
  group: 'alarms',
  examine: ({ observation }) => {
    const reading = observation.sections.cluster;
    if (reading?.value === undefined) return [unread(reading?.fault)];
    const unknown = reading.value.findings.find(({ code }) => code === 'ALARMS_UNKNOWN');
    if (unknown !== undefined) return [unread(unknown)];
    const lines = reading.value.alarms.map(({ alarm, member }) =>
      found({
        code: `ALARM_${alarm}`,
        severity: 'critical',
        message: `${member} has raised ${alarm}.`,
        remedy: remedies[alarm],
      }),
    );
    return orOk(lines, 'no alarm is raised');
  },
};
