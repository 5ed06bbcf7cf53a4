import { type Operation, type OperationContext, type OperationResult, OperationStopped } from './operation.ts';
import { changeMembers } from './steps/change-members.ts';
import { newcomerOf, textParameter } from './steps/newcomer.ts';
import type { Parts } from './steps/parts.ts';
import { steadyState } from './steps/steady-state.ts';

/**
 * Has the member list say where a voter is reached by its peers, as its agent is configured. Never a learner's, and only where something
 * listens there already: a slip in the configuration of all agents would else have everybody look for everybody in the wrong place, and the
 * connections that stand let each of them seem well meanwhile.
 */
export function memberUpdateOperation(parts: Parts): Operation {
  return { name: 'member-update', version: 1, run: (context) => update(context, parts) };
}

async function update(context: OperationContext, parts: Parts): Promise<OperationResult> {
  const memberId = textParameter(context.slot, 'member');
  const { name, peerUrls } = newcomerOf(context.slot);
  const now = (await steadyState(context, parts)).members.find(({ id }) => id === memberId);
  for (const url of peerUrls) {
    if (now?.peerUrls.includes(url) === true || (await parts.effects.listensAt(url, context.signal))) continue;
    const what = `${name} is configured with ${url}, and nothing listens there`;
    throw new OperationStopped('PEER_URL_SILENT', what, { member: name });
  }
  await changeMembers(
    {
      step: { name: 'update-peer-urls', memberId, detail: peerUrls.join(', ') },
      found: ({ members }) => {
        const listed = members.find(({ id }) => id === memberId);
        if (listed === undefined) throw new OperationStopped('TARGET_GONE', `${name} is no member any more`);
        if (listed.isLearner)
          throw new OperationStopped('LEARNER', `${name} is a learner, and would be promoted by it`);
        const taken = members.find(
          ({ id, peerUrls: urls }) => id !== memberId && urls.some((url) => peerUrls.includes(url)),
        );
        if (taken !== undefined) throw new OperationStopped('URL_TAKEN', `${taken.name} is listed under that URL`);
        return peerUrls.every((url) => listed.peerUrls.includes(url)) ? true : undefined;
      },
      call: (permit) => parts.effects.updatePeerUrls(memberId, peerUrls, permit),
      exceptId: memberId,
    },
    context,
    parts,
  );
  return { outcome: 'succeeded', summary: `${name} is listed under ${peerUrls.join(', ')}.` };
}
