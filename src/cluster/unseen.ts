import type { Observation } from './observation.ts';
import type { Finding } from './sections.ts';

/** How the sections of a machine say that the agent lacks a right. */
const lackOfRight = /\((?:EACCES|EPERM)\)|\bthe agent may not look into\b/;

/** Whether this sentence of a section says that the agent lacks a right. */
export function lacksRight(text: string | undefined): boolean {
  return text !== undefined && lackOfRight.test(text);
}

/**
 * What the agent lacks the rights to look at, as one finding: sections and metrics only leave it out, so that nobody would
 * miss it. Empty where it sees everything.
 */
export function unseenFindings({ sections }: Observation): readonly Finding[] {
  const { process, disk, filesystem, 'fsync-probe': fsyncProbe } = sections;
  const sentences = [
    ...(process?.value?.unread ?? []),
    ...(disk?.value?.devices.map(({ unresolved }) => unresolved) ?? []),
    ...(filesystem?.value?.unresolved?.map(({ reason }) => reason) ?? []),
    ...(fsyncProbe?.value?.probes.flatMap(({ fault, idle }) => [idle, fault && `${fault.message} (${fault.code})`]) ??
      []),
    ...[process, disk, filesystem].map((reading) => reading?.fault?.message),
  ];
  const unseen = [...new Set(sentences.flatMap((text) => (text !== undefined && lacksRight(text) ? [text] : [])))];
  return unseen.length === 0
    ? []
    : [
        {
          code: 'AGENT_LACKS_RIGHTS',
          severity: 'warning',
          message: `The agent may not see all of its member: ${unseen.join('; ')}.`,
          remedy: "Run the agent as root or as etcd's user.",
        },
      ];
}
