import { isOperationName, operationNames } from '../cluster/caretaking.ts';
import type { Observation } from '../cluster/observation.ts';
import { parseVersion } from '../cluster/version.ts';
import type { OperationWish } from './caretaking-ports.ts';
import { auditName, plain } from './http/audit-name.ts';
import { ProblemError } from './http/problem.ts';

/** A shorter pause is over before anybody has looked; a longer one is forgotten. */
const shortestPauseMs = 60_000;
const longestPauseMs = 30 * 86_400_000;

/** Longest reason of a pause, in characters. */
const longestReason = 500;

/** These are of one member, and no policy chooses it for a person. */
const ofOneMember: ReadonlySet<string> = new Set(['replace', 'leave']);

/** What `POST /api/v1/operations` asks for. Throws `ProblemError` 400, which says what is allowed. */
export function operationWish(
  body: unknown,
  caller: string,
  observation: Observation,
): OperationWish & { readonly dryRun: boolean } {
  const fields = fieldsOf(body, ['operation', 'member', 'to', 'rehearse', 'dryRun', 'by']);
  const operation = textOf(fields, 'operation', `one of ${operationNames.join(', ')}`);
  if (operation === undefined || !isOperationName(operation)) {
    const found = operation === undefined ? 'No operation is named' : `There is no operation "${shown(operation)}"`;
    throw refusal('OPERATION_UNKNOWN', `${found}. Allowed: ${operationNames.join(', ')}.`);
  }
  const member = textOf(fields, 'member', 'the name or the id of a member');
  if (member !== undefined) {
    checkMember(operation, member, observation);
  } else if (ofOneMember.has(operation)) {
    const known = observation.sections.cluster?.value?.members.map(calledOf).sort().join(', ');
    const allowed = known === undefined ? '' : ` Allowed: ${known}.`;
    throw refusal(
      'MEMBER_MISSING',
      `Which member is to ${operation === 'leave' ? 'leave' : 'be replaced'} has to be said in "member" (\`--member\`).${allowed}`,
    );
  }
  const to = versionOf(fields, operation);
  const { dryRun = false, rehearse = false } = fields;
  if (typeof rehearse !== 'boolean' || (rehearse && operation !== 'upgrade')) {
    throw refusal('FIELD_WRONG', '"rehearse" is true or false, and for an upgrade.');
  }
  if (typeof dryRun !== 'boolean') {
    throw refusal('FIELD_WRONG', '"dryRun" is neither true nor false.');
  }
  return {
    operation,
    ...(member === undefined ? {} : { member }),
    ...(to === undefined ? {} : { to }),
    ...(rehearse ? { rehearse } : {}),
    dryRun,
    by: byOf(fields, caller),
  };
}

/** What `POST /api/v1/pause` asks for. Throws `ProblemError` 400. */
export function pauseWish(
  body: unknown,
  caller: string,
): { readonly reason: string; readonly forMs: number; readonly by: string } {
  const fields = fieldsOf(body, ['reason', 'for', 'by']);
  const reason = plain(textOf(fields, 'reason', 'a sentence') ?? '');
  if (reason === '') {
    throw refusal('REASON_MISSING', 'Say in "reason" why: everybody who looks will read it.');
  }
  if ([...reason].length > longestReason) {
    throw refusal('REASON_TOO_LONG', `"reason" may have ${longestReason} characters at most.`);
  }
  const length = textOf(fields, 'for', 'a duration such as "2h"');
  const forMs = length === undefined ? undefined : durationMs(length);
  if (forMs === undefined || forMs < shortestPauseMs || forMs > longestPauseMs) {
    const found = length === undefined ? 'It does not say for how long' : `"for" is "${shown(length)}"`;
    throw refusal('DURATION_WRONG', `${found}. Allowed: a duration from 1m to 30d, such as "2h" or "1h30m".`);
  }
  return { reason, forMs, by: byOf(fields, caller) };
}

/** Who says `resume`, as `DELETE /api/v1/pause` may carry it. Throws `ProblemError` 400. */
export function resumeWish(body: unknown, caller: string): string {
  return byOf(body === undefined ? {} : fieldsOf(body, ['by']), caller);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(body: unknown, allowed: readonly string[]): Fields {
  const list = allowed.map((name) => `"${name}"`).join(', ');
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw refusal('BODY_NOT_AN_OBJECT', `The body has to be an object with ${list}.`);
  }
  const unknown = Object.keys(body).find((name) => !allowed.includes(name));
  if (unknown !== undefined) {
    throw refusal('FIELD_UNKNOWN', `There is no field "${shown(unknown)}". Allowed: ${list}.`);
  }
  return { ...body };
}

/** Absent and null are the same. */
function textOf(fields: Fields, name: string, allowed: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value === undefined || typeof value === 'string') {
    return value;
  }
  throw refusal('FIELD_WRONG', `"${name}" is not text. Allowed: ${allowed}.`);
}

/** The version that an upgrade needs, and nothing else takes. */
function versionOf(fields: Fields, operation: string): string | undefined {
  const to = textOf(fields, 'to', 'a version of etcd such as "3.5.30"');
  if (operation !== 'upgrade') {
    if (to === undefined) return undefined;
    throw refusal('TARGET_VERSION_WRONG', `"to" is for an upgrade: ${operation} takes none.`);
  }
  if (to === undefined) {
    throw refusal(
      'TARGET_VERSION_MISSING',
      'Which version of etcd to come to has to be said in "to" (`--to`), such as "3.5.30".',
    );
  }
  if (parseVersion(to) === undefined) {
    throw refusal(
      'TARGET_VERSION_WRONG',
      `"to" is "${shown(to)}". Allowed: a version of etcd with three numbers, such as "3.5.30".`,
    );
  }
  return to;
}

function byOf(fields: Fields, caller: string): string {
  return auditName(caller, textOf(fields, 'by', 'who asks'));
}

/** A member that has never been started has no name. */
function calledOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' ? id : name;
}

function checkMember(operation: string, member: string, { sections, caretaking }: Observation): void {
  const members = sections.cluster?.value?.members;
  if (members === undefined) {
    const detail = 'This agent does not know the member list now. Ask again, or leave "member" out.';
    throw new ProblemError({ status: 503, code: 'MEMBERS_UNKNOWN', detail });
  }
  // What is to be taken in is in no list: it goes by what its agent is registered as.
  const candidates = (caretaking?.agents ?? []).filter(({ candidate }) => candidate !== undefined);
  const isCandidate = candidates.some((agent) => agent.memberId === member || agent.member === member);
  const isListed = members.some(({ id, name }) => id === member || name === member);
  if (operation === 'leave' && isCandidate && !isListed) {
    const detail = `"${shown(member)}" is no member: its agent waits for it to be taken in. Stop that agent, and take it out of cluster.peers of all agents.`;
    throw refusal('MEMBER_NOT_LISTED', detail);
  }
  if (isCandidate || members.some(({ id }) => id === member)) {
    return;
  }
  const named = members.filter(({ name }) => name === member && name !== '');
  if (named.length > 1) {
    const ids = named.map(({ id }) => id).join(' or ');
    throw refusal('MEMBER_AMBIGUOUS', `Several members are named "${shown(member)}". Name one by its id: ${ids}.`);
  }
  if (named.length === 0) {
    const known = [...members.map(calledOf), ...candidates.map((agent) => agent.member)].sort().join(', ');
    throw refusal('MEMBER_UNKNOWN', `There is no member "${shown(member)}". Allowed: ${known}.`);
  }
}

/** `2h`, `1h30m`: as in the configuration, which nothing here reads. */
function durationMs(text: string): number | undefined {
  const match = /^(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?(?:(\d{1,11})ms)?$/.exec(text);
  if (match === null || text === '') {
    return undefined;
  }
  const [days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

function shown(text: string): string {
  const line = plain(text);
  return line.length > 60 ? `${line.slice(0, 60).toWellFormed()}…` : line;
}

function refusal(code: string, detail: string): ProblemError {
  return new ProblemError({ status: 400, code, detail });
}
