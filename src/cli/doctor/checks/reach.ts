import { displayName } from '../../../cluster/cluster-replies.ts';
import { formatLatency } from '../../units.ts';
import { type Check, found, type Line, ok } from '../check.ts';
import { clusterFindings } from '../cluster-findings.ts';
import type { Facts } from '../facts.ts';

const whereverRemedy = 'Look at etcd there, at the port, and at the firewall in between.';

/** The own member, then every member by every client URL that it advertises. */
export const reachCheck: Check = {
  group: 'reach',
  examine: (facts) => [
    ownMember(facts),
    ...unreachableMembers(facts),
    ...silentUrls(facts),
    ...clusterFindings(facts, 'reach'),
    ...everyone(facts),
  ],
};

function ownMember({ observation, member, endpoint }: Facts): Line {
  const reading = observation.sections.member;
  if (reading?.value === undefined) {
    const { code = 'NOT_OBSERVED', message, remedy } = reading?.fault ?? {};
    return {
      status: 'critical',
      code,
      message: message ?? `${member} at ${endpoint} was not asked.`,
      remedy: remedy ?? whereverRemedy,
    };
  }
  const { summary, linearizableReadSeconds } = reading.value;
  const read =
    linearizableReadSeconds === undefined
      ? ''
      : `, a read through the quorum takes ${formatLatency(linearizableReadSeconds)}`;
  return ok(`${member} at ${endpoint} answers: ${summary}${read}`);
}

function unreachableMembers({ observation, member: own }: Facts): readonly Line[] {
  const members = observation.sections.cluster?.value?.members ?? [];
  return members
    .filter(({ reachable, name }) => !reachable && name !== '' && name !== own)
    .map((member) =>
      found({
        code: member.fault?.code ?? 'MEMBER_UNREACHABLE',
        severity: 'critical',
        message: `${displayName(member)} does not answer: ${member.fault?.message ?? 'no reply came from it'}.`,
        remedy: whereverRemedy,
      }),
    );
}

/** URLs that do not answer although their member does at another one. */
function silentUrls({ observation, urls }: Facts): readonly Line[] {
  const answering = new Set(
    observation.sections.cluster?.value?.members.filter(({ reachable }) => reachable).map(({ id }) => id),
  );
  return urls
    .filter(({ memberId, fault }) => fault !== undefined && memberId !== undefined && answering.has(memberId))
    .map(({ member, url, fault }) =>
      found({
        code: fault?.code ?? 'URL_UNREACHABLE',
        severity: 'warning',
        message: `${member} advertises ${url}, which does not answer from here: ${fault?.message}.`,
        remedy: 'Clients are told to use it: make it reachable, or correct --advertise-client-urls.',
      }),
    );
}

function everyone({ observation, urls }: Facts): readonly Line[] {
  const cluster = observation.sections.cluster?.value;
  if (cluster === undefined) return [];
  const reachable = cluster.members.filter((member) => member.reachable).length;
  const advertised = urls.filter(({ memberId }) => memberId !== undefined);
  const answered = advertised.flatMap(({ seconds }) => seconds ?? []);
  const slowest = answered.length === 0 ? '' : `, the slowest after ${formatLatency(Math.max(...answered))}`;
  const message = `${reachable} of ${cluster.members.length} members answer, at ${answered.length} of ${advertised.length} advertised client URLs${slowest}`;
  return reachable === cluster.members.length && answered.length === advertised.length ? [ok(message)] : [];
}
