import type { BackupView } from '../cluster/backup-view.ts';
import { canaryFindings } from '../cluster/canary-findings.ts';
import type { Decision, Reason } from '../cluster/caretaking.ts';
import type { LastGaspView } from '../cluster/last-gasp-view.ts';
import { machineFindings } from '../cluster/machine-findings.ts';
import type { Fault, Observation } from '../cluster/observation.ts';
import type { OwnMemberView } from '../cluster/own-member.ts';
import type { RecoveryView } from '../cluster/recovery-view.ts';
import type { Finding } from '../cluster/sections.ts';
import { unseenFindings } from '../cluster/unseen.ts';
import { standingStill } from './standing-slot.ts';

/** A finding and the collector that has it. */
export interface CollectorFinding extends Finding {
  /** `caretaking`: what a policy wants a person to look at. */
  readonly collector:
    | 'member'
    | 'cluster'
    | 'peers'
    | 'certificates'
    | 'process'
    | 'disk'
    | 'filesystem'
    | 'fsync-probe'
    | 'canary'
    | 'caretaking'
    | 'recovery'
    | 'backups';
}

const collectors = ['member', 'cluster', 'peers', 'certificates'] as const;
const severities = ['critical', 'warning', 'info'] as const;

/** All findings of an observation, the gravest first. */
export function findingsOf(observation: Observation): readonly CollectorFinding[] {
  const { sections, caretaking, backups, lastGasp, own, recovery } = observation;
  const unseen = unseenFindings(observation).map((finding) => ({ ...finding, collector: 'process' as const }));
  const canaries = canaryFindings(sections.canary?.value ?? { canaries: [] }).map((finding) => ({
    ...finding,
    collector: 'canary' as const,
  }));
  return collectors
    .flatMap((collector) =>
      (sections[collector]?.value?.findings ?? []).map((finding): CollectorFinding => ({ ...finding, collector })),
    )
    .concat(machineFindings(observation), unseen)
    .concat(canaries)
    .concat((caretaking?.faults ?? []).filter(({ code }) => loudFaults.has(code)).map(faultFinding))
    .concat(slotFindings(observation))
    .concat(backups === undefined ? [] : backupFindings(backups))
    .concat(lastGasp === undefined ? [] : lastGaspFindings(lastGasp))
    .concat(recovery === undefined ? [] : recoveryFindings(recovery))
    .concat(own === undefined ? [] : ownFindings(own))
    .concat((caretaking?.decisions ?? []).filter(({ page }) => page === true).map(findingOf))
    .filter(({ code }) => !isOwnDoing(code, observation))
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

/** What the agents bring about themselves, and mend, is nothing for a person to do. */
function isOwnDoing(code: string, { own, caretaking }: Observation): boolean {
  // It joins by itself: whoever added it by hand as well would be in the way.
  if (code === 'MEMBER_NOT_LISTED') return own?.boot?.action === 'join';
  const operation = caretaking?.slot?.operation;
  return code === 'EVEN_VOTERS' && (operation === 'replace' || operation === 'join');
}

/** What is under way holds up everything else, and does not come on. */
function slotFindings({ caretaking, observedAtMs }: Observation): readonly CollectorFinding[] {
  const message = standingStill(caretaking?.slot, observedAtMs);
  const remedy =
    '`etcd-caretaker status` names the step; see the log of the agent that makes it. A restart of that agent begins the step anew.';
  return message === undefined
    ? []
    : [{ code: 'OPERATION_STANDS_STILL', severity: 'critical', message, remedy, collector: 'caretaking' }];
}

/** The agent that leads, and nothing is backed up, or a store falls behind. */
function backupFindings({ fault, captureFault, stores }: BackupView): readonly CollectorFinding[] {
  const faults = [fault, captureFault, ...stores.map((store) => store.fault)].filter((each) => each !== undefined);
  return faults.map(({ code, message, remedy = 'Look at the log of this agent.' }) => ({
    ...{ code, message, remedy },
    severity: code === fault?.code ? 'critical' : 'warning',
    collector: 'backups',
  }));
}

/** There is no quorum, and nothing of the own member is kept yet. */
function lastGaspFindings({ fault }: LastGaspView): readonly CollectorFinding[] {
  if (fault === undefined) return [];
  const { code, message, remedy = 'Look at the log of this agent.' } = fault;
  return [{ ...{ code, message, remedy }, severity: 'critical', collector: 'backups' }];
}

/** The quorum is lost, and why it is not recovered, or not yet; and what would be in the way. */
function recoveryFindings({ state, reasons, doubts }: RecoveryView): readonly CollectorFinding[] {
  const standing = state === 'manual' || state === 'waiting' || state === 'holding' ? reasons : [];
  const known = new Set(standing.map(({ code }) => code));
  const remedy = '`etcd-caretaker recover` says what is to be done; docs/recovery.md what each reason means.';
  const asFinding =
    (severity: 'critical' | 'warning', of: (message: string) => string) =>
    ({ code, message }: Reason): CollectorFinding => ({
      code,
      message: of(message),
      severity,
      remedy,
      collector: 'recovery',
    });
  return [
    ...standing.map(asFinding('critical', (message) => `The lost quorum is not recovered (${state}): ${message}.`)),
    ...doubts
      .filter(({ code }) => !known.has(code))
      .map(asFinding('warning', (message) => `It would be in the way of a recovery: ${message}.`)),
  ];
}

/** Etcd does not run, and this agent does not start it. */
function ownFindings({ boot }: OwnMemberView): readonly CollectorFinding[] {
  if (boot === undefined || boot.action === 'start' || boot.action === 'bootstrap') return [];
  const [{ code }] = boot.reasons;
  const message = `etcd is not started (${boot.action}): ${boot.reasons.map((reason) => reason.message).join('; ')}.`;
  // Whoever is to join is taken in by the leader, as a rule.
  const severity = boot.action === 'refuse' ? 'critical' : 'warning';
  const remedy =
    code === 'MEMBER_BEFORE'
      ? 'Bring the other members back. Where they are gone for good, `etcd-caretaker recover` says what can be done.'
      : 'docs/healing.md says what each reason means, and what a person can do.';
  return [{ code, message, severity, remedy, collector: 'member' }];
}

/** What keeps an agent from taking part in acting until somebody does something about it. */
const loudFaults: ReadonlyMap<string, 'critical' | 'warning'> = new Map([
  ['KEY_UNREADABLE', 'critical'],
  ['AGENT_DUPLICATE', 'warning'],
]);

function faultFinding({ code, message, remedy = 'Look at the log of this agent.' }: Fault): CollectorFinding {
  return { code, severity: loudFaults.get(code) ?? 'warning', message, remedy, collector: 'caretaking' };
}

/** A decision that a person has to look at. */
function findingOf({ policy, reasons: [first] }: Decision): CollectorFinding {
  return {
    code: first.code,
    severity: 'critical',
    message: `${policy}: ${first.message}`,
    remedy: `\`etcd-caretaker explain ${policy}\` says all reasons.`,
    collector: 'caretaking',
  };
}
