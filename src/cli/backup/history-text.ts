import type { KeyHistory } from '../../backup/compare/key-history.ts';
import type { KeyRevision } from '../../backup/compare/key-revision.ts';
import { keyText } from '../../cluster/key-text.ts';
import { formatInstant } from '../instant.ts';
import { type Look, plainLook } from '../look.ts';
import { formatTable, right, spare } from '../table.ts';
import { formatBytes, formatCount } from '../units.ts';

const HEADER = [
  right('REVISION'),
  'TIME',
  'WHAT',
  right('VERSION'),
  spare(right('CREATED')),
  right('SIZE'),
  spare('LEASE'),
];

/** What `backup history` prints as data: the key as text, times in ISO 8601, values in base64. */
export function historyReport({ key, revisions, ...history }: KeyHistory): unknown {
  return {
    key: keyText(key),
    ...history,
    revisions: revisions.map(({ atMs, atIs, value, lease, ...revision }) => ({
      ...revision,
      ...(lease === undefined ? {} : { lease: lease.toString(16) }),
      [atIs === 'seen' ? 'at' : 'atLatest']: new Date(atMs).toISOString(),
      ...(value === undefined ? {} : { value: value.toString('base64') }),
    })),
  };
}

/** The revisions of a key as a table, and of what the store knows nothing. */
export function historyText({ key, total, revisions, unknown, avoided }: KeyHistory, look: Look = plainLook): string {
  const { paint } = look;
  const name = keyText(key);
  const hasValues = revisions.some(({ value }) => value !== undefined);
  const what = `${formatCount(total)} revision${total === 1 ? '' : 's'} of ${name} ${total === 1 ? 'is' : 'are'} known`;
  const older = total - revisions.length;
  const lines = [
    total === 0
      ? `The store knows nothing of ${name}.`
      : older === 0
        ? `${what}.`
        : `${what}; ${formatCount(older)} older ones are not shown (--limit).`,
    ...avoided.map((object) => `${paint('red', 'BROKEN')}  ${object.key}: ${object.message}`),
    ...unknown.map(({ from, to, heldAt }) => `${paint('yellow', 'note')}    ${unknownText(from, to, heldAt)}`),
  ].map((line) => `${line}\n`);
  const header = hasValues ? [...HEADER, 'VALUE'] : HEADER;
  return `${lines.join('')}${total === 0 ? '' : `\n${formatTable(header, revisions.map(rowOf), look)}`}`;
}

function rowOf({
  revision,
  type,
  atMs,
  atIs,
  version,
  createRevision,
  valueBytes,
  lease,
  value,
}: KeyRevision): string[] {
  return [
    String(revision),
    `${atIs === 'seen' ? '' : '<= '}${formatInstant(atMs)}`,
    type,
    type === 'delete' ? '' : String(version),
    type === 'delete' ? '' : String(createRevision),
    valueBytes === undefined ? '' : formatBytes(valueBytes),
    // As etcdctl prints it.
    lease === undefined || lease === 0n ? '' : BigInt.asUintN(64, lease).toString(16),
    ...(value === undefined ? [] : [keyText(value)]),
  ];
}

function unknownText(from: bigint, to: bigint, heldAt: bigint | undefined): string {
  const range = from === to ? `revision ${from}` : `revisions ${from} to ${to}`;
  if (heldAt === undefined) return `Of ${range} the store knows nothing.`;
  return `Of ${range} the store knows only what still stood at ${to}: the full snapshot at ${heldAt} holds that.`;
}
