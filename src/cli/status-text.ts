import { ifLost } from '../cluster/quorum.ts';
import type { AsJson } from '../expose/as-json.ts';
import { headlineOf } from '../expose/headline.ts';
import type { Status, StatusMember } from '../expose/status.ts';
import { backupsText } from './backups-text.ts';
import { caretakingText } from './caretaking-text.ts';
import { lastGaspText } from './last-gasp-text.ts';
import { type Look, plainLook } from './look.ts';
import { ownMemberText } from './own-member-text.ts';
import { recoveryText } from './recovery-text.ts';
import { paintedHeadline, paintedSections } from './status-colours.ts';
import { formatTable, right, spare } from './table.ts';
import { formatBytes, formatCount, formatLatency, formatPercent, formatSpan } from './units.ts';

/** The status as a person reads it: a headline, the members, what is wrong and what to do. */
export function statusText(status: AsJson<Status>, nowMs: number, look: Look = plainLook): string {
  const { paint } = look;
  const sections = `${quotaLine(status)}${latencyLine(status)}${caretakingText(status, nowMs)}${backupsText(status, nowMs)}${lastGaspText(status, nowMs)}${ownMemberText(status)}${recoveryText(status, nowMs)}`;
  return [
    `${paintedHeadline(headlineOf(status, nowMs).text, paint)}
`,
    recoverHint(status),
    `${paint('dim', origin(status, nowMs))}\n`,
    status.members.length === 0 ? '' : `\n${memberTable(status.members, look)}`,
    `\n${paintedSections(sections, paint)}`,
    problems(status, look),
  ].join('');
}

/** Where an agent can start its member, a lost quorum can be brought back. */
function recoverHint({ quorum, own, agent }: AsJson<Status>): string {
  if (own === undefined || quorum?.holds === true || agent.observedAt === undefined) return '';
  return 'If it stays so, `etcd-caretaker recover` says what can be brought back, and changes nothing.\n';
}

/** Whether `status` should end with the exit code for a fault. */
export function isFaulty(status: AsJson<Status>): boolean {
  return headlineOf(status, 0).state !== 'healthy';
}

function origin({ cluster, agent }: AsJson<Status>, nowMs: number): string {
  const age =
    agent.observedAt === undefined ? 'not yet' : `${formatSpan((nowMs - Date.parse(agent.observedAt)) / 1000)} ago`;
  const id = cluster.id === undefined ? '' : ` (${cluster.id})`;
  const memory =
    typeof cluster.listAgeSeconds === 'number'
      ? `, member list from the agent's memory: the last one that a member gave, ${formatSpan(cluster.listAgeSeconds)} ago`
      : cluster.linearizable === false
        ? ', member list from memory: no quorum confirmed it'
        : '';
  return `Cluster ${cluster.name}${id}, seen by the agent beside ${agent.member} ${age}${memory}`;
}

function nameOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' ? id : name;
}

function memberTable(members: readonly AsJson<StatusMember>[], look: Look): string {
  const byName = members.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b), 'en', { numeric: true }));
  const rows = byName.map((member) => [
    `${nameOf(member)}${member.own ? ' *' : ''}`,
    member.role,
    healthOf(member, look),
    member.version ?? '-',
    member.raftIndexLagEntries === undefined ? '-' : formatCount(BigInt(member.raftIndexLagEntries)),
    member.revisionLag === undefined ? '-' : formatCount(BigInt(member.revisionLag)),
    typeof member.dbSizeBytes === 'number' ? formatBytes(member.dbSizeBytes) : '-',
    typeof member.dbSizeInUseBytes === 'number' ? formatBytes(member.dbSizeInUseBytes) : '-',
    member.clientUrls.join(',') || '-',
  ]);
  return formatTable(
    [
      'MEMBER',
      'ROLE',
      'HEALTH',
      'VERSION',
      right('RAFT LAG'),
      right('REVISION LAG'),
      right('DB SIZE'),
      spare(right('IN USE')),
      spare('CLIENT URL'),
    ],
    rows,
    look,
  );
}

function healthOf({ healthy, reachable }: AsJson<StatusMember>, { paint }: Look): string {
  if (healthy) return paint('green', 'healthy');
  return reachable ? paint('yellow', 'unhealthy') : paint('red', 'unreachable');
}

function quotaLine({ quota }: AsJson<Status>): string {
  if (quota === undefined || typeof quota.dbSizeBytes !== 'number') {
    return '';
  }
  if (typeof quota.quotaBytes !== 'number' || typeof quota.usedRatio !== 'number') {
    return `Quota     ${quota.quotaSource === 'disabled' ? 'disabled' : 'unknown'}; ${formatBytes(quota.dbSizeBytes)} in the file\n`;
  }
  const full =
    quota.fullInSeconds === undefined
      ? 'time to full not known yet'
      : quota.fullInSeconds === '+Inf'
        ? 'not growing'
        : `full in ${formatSpan(quota.fullInSeconds)}`;
  return `Quota     ${formatBytes(quota.dbSizeBytes)} of ${formatBytes(quota.quotaBytes)} (${formatPercent(quota.usedRatio)}), ${full}\n`;
}

function latencyLine({ latency }: AsJson<Status>): string {
  const parts = [
    ['WAL fsync p99', latency?.walFsyncP99Seconds],
    ['backend commit p99', latency?.backendCommitP99Seconds],
  ].flatMap(([name, seconds]) => (typeof seconds === 'number' ? [`${name} ${formatLatency(seconds)}`] : []));
  return parts.length === 0 ? '' : `Latency   ${parts.join(', ')}\n`;
}

/** What collectors say where etcd does not run and has no data: it is said once that it does not. */
const ofStopped: ReadonlySet<string> = new Set([
  'ETCD_UNREACHABLE',
  'MEMBERS_UNKNOWN',
  'DISK_UNRESOLVED',
  'FILESYSTEM_UNRESOLVED',
  'ETCD_PROCESS_NOT_FOUND',
]);

const severityStyles = { critical: 'red', warning: 'yellow', info: 'dim' } as const;

function problems({ findings, faults, members, own, agent }: AsJson<Status>, { paint }: Look): string {
  const isStopped = own?.process.state === 'stopped';
  const expected = faults.filter(({ code }) => isStopped && ofStopped.has(code));
  const lines = [
    ...members.flatMap((member) =>
      member.fault === undefined
        ? []
        : [
            `  ${paint(member.reachable ? 'yellow' : 'red', (member.reachable ? 'warning' : 'down').padEnd(8))}  ${nameOf(member)}: ${member.fault.message}`,
          ],
    ),
    ...findings.map(
      ({ severity, message, remedy }) =>
        `  ${paint(severityStyles[severity], severity.padEnd(8))}  ${message}\n            to do: ${remedy}`,
    ),
    ...(expected.length === 0
      ? []
      : [
          `  ${paint('yellow', 'not seen')}  ${expected.map(({ collector }) => collector).join(', ')}: etcd of ${agent.member} does not run`,
        ]),
    ...faults
      .filter((fault) => !expected.includes(fault))
      .map(
        ({ collector, message, remedy }) =>
          `  ${paint('yellow', 'not seen')}  ${collector}: ${message}${remedy === undefined ? '' : `\n            to do: ${remedy}`}`,
      ),
  ];
  return lines.length === 0 ? '' : `\nFindings\n${lines.join('\n')}\n`;
}

/** `status --if-lost M`: what would be left without one member. Undefined when there is no such member. */
export function ifLostText(status: AsJson<Status>, lost: string): string | undefined {
  const member = status.members.find(({ id, name }) => name === lost || id === lost);
  if (member === undefined || status.quorum === undefined) {
    return undefined;
  }
  const forecast = ifLost({
    voters: Number(status.quorum.voters),
    votersReachable: Number(status.quorum.votersReachable),
    lostIsVoter: member.voter,
    lostIsReachable: member.reachable,
  });
  const left = `${forecast.votersLeft} of ${forecast.voters} voters would answer, ${forecast.quorumSize} are needed`;
  const end = forecast.quorumHolds
    ? `writes go on${forecast.faultToleranceLeft === 0 ? ', and no further loss is survived' : `, and ${forecast.faultToleranceLeft} more may be lost`}`
    : 'QUORUM WOULD BE LOST: no writes, and no linearizable reads';
  const election = member.role === 'leader' ? ' It is the raft leader: an election comes first.' : '';
  return `Without ${nameOf(member)}: ${left}; ${end}.${election}\n`;
}
