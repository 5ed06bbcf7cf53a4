import { type CauseName, type Confidence, causeNames } from '../../cluster/diagnosis.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { DiagnosisReply } from '../../expose/diagnosis.ts';
import { isFault, type LiveParts, type PartsOf } from '../live/parts.ts';
import { calledOf } from '../words/names.ts';
import { verdictWords } from './verdict-words.ts';

export type Severity = 'critical' | 'warning' | 'info';

/** Something that a person should know of, and what to do about it. */
export interface TodoItem {
  readonly key: string;
  readonly severity: Severity;
  readonly title: string;
  /** What was measured. */
  readonly evidence: readonly string[];
  readonly todo?: string;
  /** ISO 8601. */
  readonly since?: string;
  readonly confidence?: Confidence;
  /** It goes away with another one. */
  readonly comesOf?: string;
  /** Stable name, to look it up by. */
  readonly code: string;
}

const severities: readonly Severity[] = ['critical', 'warning', 'info'];
const confidences: readonly Confidence[] = ['certain', 'likely', 'possible'];

/** Pure: findings and causes of all agents, each once, the gravest first, and what comes of another one last among its equals. */
export function todoItems({
  status,
  members = [],
  backups,
  decisions,
}: PartsOf<'status' | 'members' | 'backups' | 'decisions'>): readonly TodoItem[] {
  const causes = causeItems(
    // What a silent agent said last was true then.
    members.flatMap(({ brief, member, silentSince }) =>
      silentSince === undefined ? (brief?.causes ?? []).map((cause) => ({ cause, by: member })) : [],
    ),
  );
  const findings = (status?.findings ?? []).map(
    ({ severity, code, message, remedy }): TodoItem => ({
      key: `${code} ${message}`,
      severity,
      code,
      title: message,
      evidence: [],
      todo: remedy,
    }),
  );
  const down = (status?.members ?? []).flatMap((member): readonly TodoItem[] =>
    member.fault === undefined || causes.some(({ key }) => key.endsWith(` ${calledOf(member)}`))
      ? []
      : [
          {
            key: `${member.fault.code} ${member.id}`,
            severity: 'warning',
            code: member.fault.code,
            title: `${calledOf(member)} does not answer as it should`,
            evidence: [member.fault.message],
          },
        ],
  );
  const silent = members.flatMap(({ member, silentSince, fault }): readonly TodoItem[] =>
    silentSince === undefined ||
    down.some(({ title }) => title.startsWith(`${member} `)) ||
    causes.some(({ key }) => key.endsWith(` ${member}`))
      ? []
      : [
          {
            key: `silent ${member}`,
            severity: 'warning',
            code: fault?.code ?? 'AGENT_SILENT',
            title: `The agent beside ${member} is silent`,
            evidence: fault === undefined ? [] : [fault.message],
            since: silentSince,
            ...(fault?.remedy === undefined ? {} : { todo: fault.remedy }),
          },
        ],
  );
  const seen = new Set<string>();
  return [
    ...findings,
    ...causes,
    ...down,
    ...silent,
    ...backupItems(status, backups),
    ...decisionItems(status, decisions),
  ]
    .filter(({ key }) => !seen.has(key) && seen.add(key))
    .sort(
      (a, b) =>
        severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
        Number(a.comesOf !== undefined) - Number(b.comesOf !== undefined),
    );
}

/** What this agent could not read: nothing is known to be wrong there, and nothing to be right. */
export function notSeen(status: LiveParts['status']): readonly TodoItem[] {
  return (status?.faults ?? []).map(({ collector, code, message, remedy }) => ({
    key: `${collector} ${code}`,
    severity: 'info',
    code,
    title: `${collector} is not seen: ${message}`,
    evidence: [],
    ...(remedy === undefined ? {} : { todo: remedy }),
  }));
}

/** Only the agent that leads finds what is wrong with backups: any other one has it from there. */
function backupItems(status: LiveParts['status'], backups: LiveParts['backups']): readonly TodoItem[] {
  if (backups === undefined || isFault(backups) || status?.leader?.own === true) return [];
  const faults = [backups.fault, backups.captureFault, ...backups.stores.map(({ fault }) => fault)];
  return faults.flatMap((fault) =>
    fault === undefined
      ? []
      : [
          {
            key: `${fault.code} ${fault.message}`,
            severity: 'warning',
            code: fault.code,
            title: 'Backups do not get on',
            evidence: [fault.message],
            ...(fault.remedy === undefined ? {} : { todo: fault.remedy }),
          },
        ],
  );
}

/** The same of what a policy has decided that a person has to look at, and of policies that have given up. */
function decisionItems(status: LiveParts['status'], decisions: LiveParts['decisions']): readonly TodoItem[] {
  if (decisions === undefined || isFault(decisions) || status?.leader?.own === true) return [];
  const pages = decisions.decisions.filter(({ page }) => page === true);
  const breakers = decisions.breakers ?? [];
  return [
    ...pages.map(
      ({ policy, reasons: [reason, ...more] }): TodoItem => ({
        key: `${policy} ${reason.code}`,
        severity: 'warning',
        code: reason.code,
        title: `${policy}: a person has to look`,
        evidence: [reason, ...more].map(({ message }) => message),
      }),
    ),
    ...breakers
      .filter(({ policy }) => !pages.some((page) => page.policy === policy))
      .map(
        ({ policy, failures }): TodoItem => ({
          key: `${policy} BREAKER_OPEN`,
          severity: 'warning',
          code: 'BREAKER_OPEN',
          title: `${policy} has stopped after ${failures} failures`,
          evidence: [],
          todo: 'See in the history why it fails, then resume.',
        }),
      ),
  ];
}

interface Told {
  readonly cause: AsJson<DiagnosisReply>['causes'][number];
  /** The member whose agent says so. */
  readonly by: string;
}

/** One item for each verdict on each member: as the surest agent has it, since the earliest. */
function causeItems(told: readonly Told[]): readonly TodoItem[] {
  const groups = Map.groupBy(told, ({ cause }) => `${cause.verdict} ${cause.member ?? ''}`.trimEnd());
  return [...groups]
    .map(([key, group]) => ({ key, group, ...surest(group) }))
    .sort((a, b) => causeNames.indexOf(a.cause.verdict) - causeNames.indexOf(b.cause.verdict))
    .map(({ key, group, cause }): TodoItem => {
      const { verdict, member, evidence, firstStep, confidence, explainedBy } = cause;
      return {
        key,
        severity: explainedBy === undefined ? severityOf(verdict) : 'info',
        code: verdict,
        title: member === undefined ? wordsOf(verdict) : `${member}: ${wordsOf(verdict)}`,
        evidence,
        todo: firstStep,
        since: group.map(({ cause: { since } }) => since).sort()[0] ?? cause.since,
        confidence,
        ...(explainedBy === undefined ? {} : { comesOf: wordsOf(explainedBy) }),
      };
    });
}

function surest(group: readonly Told[]): Told {
  const [first, ...rest] = group.toSorted(
    (a, b) => confidences.indexOf(a.cause.confidence) - confidences.indexOf(b.cause.confidence),
  );
  if (first === undefined) throw new Error(`an empty group of causes, and ${rest.length} more`);
  return first;
}

/** A newer agent may know more verdicts. */
function wordsOf(verdict: CauseName): string {
  return verdictWords[verdict] ?? verdict.replaceAll('-', ' ');
}

const firstSlowing = causeNames.indexOf('defragmentation-under-way');
const firstComing = causeNames.indexOf('election-timeout-short');

/** The list of verdicts is in the order in which a person should read them: what stops etcd, what slows it down, what will. */
function severityOf(verdict: CauseName): Severity {
  const rank = causeNames.indexOf(verdict);
  if (verdict === 'defragmentation-under-way' || verdict === 'snapshot-under-way') return 'info';
  if (verdict === 'certificate-expiring') return 'warning';
  return rank === -1 || rank >= firstComing ? 'info' : rank < firstSlowing ? 'critical' : 'warning';
}
