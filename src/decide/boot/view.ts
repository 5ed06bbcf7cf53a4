import type { BootAction, BootView } from '../../cluster/own-member.ts';
import type { BootCode } from './codes.ts';
import type { SeenList, SeenMember } from './evidence.ts';

type Reason = BootView['reasons'][number];

/** A reason with a code of the list. @param message a sentence without its full stop */
export function bootReason(code: BootCode, message: string): Reason {
  return { code, message };
}

/** A decision. */
export function boot(action: BootAction, first: Reason, ...more: readonly Reason[]): BootView {
  return { action, reasons: [first, ...more] };
}

/** `m1 (8e9e05c52164694d)`; also where it has no name yet. */
export function called({ id, name }: SeenMember): string {
  return name === '' ? id : `${name} (${id})`;
}

/** The member that the list has under a peer URL. */
export function listedAt(list: SeenList, peerUrl: string): SeenMember | undefined {
  return list.members.find(({ peerUrls }) => peerUrls.includes(peerUrl));
}
