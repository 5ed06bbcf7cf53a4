import { AgentError } from '../../cluster/agent-error.ts';
import { formatSpan } from '../../cluster/units.ts';
import type { UnitState } from './unit-state.ts';

const CODE = 'SUPERVISE_START_FAILED';

/** Systemd has not begun with a start in time. */
export function notBegun(unit: string, withinMs: number): AgentError {
  const within = formatSpan(Math.round(withinMs / 1000));
  const what = `${unit} was not started: systemd has not begun with it within ${within}, its job waits for another one`;
  return new AgentError(CODE, what, { remedy: `look at systemctl list-jobs and systemctl status ${unit}` });
}

/** Systemd has given a start up. */
export function notStarted(unit: string, { refused, result }: UnitState): AgentError {
  const why = refused
    ? 'a condition of the unit does not hold'
    : `systemd gives as its result: ${result}; a unit that it needs may have failed`;
  const remedy = `look at systemctl status ${unit} and journalctl -u ${unit}`;
  return new AgentError(CODE, `${unit} was not started: ${why}`, { remedy });
}
