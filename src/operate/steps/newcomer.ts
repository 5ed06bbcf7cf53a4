import type { JournalValue, Slot } from '../../cluster/caretaking.ts';
import type { ClusterState, MemberState } from '../../cluster/state.ts';
import { parameterWrong } from './parameters.ts';

/** An agent that operations ask: by its member's name, since the id under which it is registered changes with the list. */
export interface AskedAgent {
  readonly name: string;
  /** Under which it was registered when the operation was decided on: a member id, or `candidateId` of its name. */
  readonly agentId: string;
}

/** Who is to become a member, and beside which agent. */
export interface Newcomer extends AskedAgent {
  readonly peerUrls: readonly string[];
  /** A learner that an earlier operation of the agents has left, which is this one. */
  readonly learnerId?: string;
}

/** The newcomer of a slot: parameters `name`, `agentId`, `peerUrls`, and `learnerId` where there is one. Throws `PARAMETER_WRONG`. */
export function newcomerOf(slot: Slot): Newcomer {
  const { parameters } = slot;
  const peerUrls = textsIn(parameters['peerUrls']);
  if (peerUrls.length === 0) throw parameterWrong(slot, 'has no peer URLs in its parameter peerUrls');
  const learnerId = parameters['learnerId'];
  return {
    name: textParameter(slot, 'name'),
    agentId: textParameter(slot, 'agentId'),
    peerUrls,
    ...(typeof learnerId === 'string' ? { learnerId } : {}),
  };
}

/** A text among the slot's parameters. Throws `PARAMETER_WRONG`. */
export function textParameter(slot: Slot, name: string): string {
  const value = slot.parameters[name];
  if (typeof value !== 'string' || value === '') throw parameterWrong(slot, `has no text in its parameter ${name}`);
  return value;
}

/** Who of the list has one of its peer URLs: etcd lists none twice. @param exceptId the member that it stands in for */
export function listedAs(
  { members }: ClusterState,
  { peerUrls }: Newcomer,
  exceptId?: string,
): MemberState | undefined {
  return members.find((member) => member.id !== exceptId && member.peerUrls.some((url) => peerUrls.includes(url)));
}

/** Whether it has ever been started: etcd lists the others without a name, and they go by their id then. */
export function wasStarted({ id, name }: MemberState): boolean {
  return name !== id;
}

/** Under which id an agent is registered now, as far as the state tells; else as it was. */
export function registeredAs({ members, candidates }: ClusterState, { name, agentId }: AskedAgent): string {
  const candidate = candidates.find(({ agent }) => agent.member === name);
  if (candidate !== undefined) return candidate.agent.memberId;
  return members.find(({ agent }) => agent?.member === name)?.id ?? agentId;
}

function textsIn(value: JournalValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}
