import type { JSX } from 'preact';
import type { Decision } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { type Api, ApiProblem, type Wish } from '../api/call.ts';
import { DecisionLine } from '../decisions/decisions.tsx';
import { Icon } from '../frame/icon.tsx';
import type { LiveParts } from '../live/parts.ts';
import { agentLink } from '../words/agent-link.ts';
import { problemWords } from './sending.ts';

/** What a dry run has brought. */
export type Tried =
  | { readonly kind: 'decision'; readonly decision: AsJson<Decision>; readonly mayAsk: true }
  /** Only the leading agent can try it; a request reaches that one all the same. */
  | { readonly kind: 'not-leader'; readonly mayAsk: true }
  | { readonly kind: 'problem'; readonly words: string; readonly mayAsk: false };

/** Asks what would become of a wish. Never throws. */
export async function tried(api: Api, wish: Wish, signal: AbortSignal): Promise<Tried> {
  try {
    return { kind: 'decision', decision: await api.dryRun(wish, signal), mayAsk: true };
  } catch (error) {
    return error instanceof ApiProblem && error.code === 'NOT_LEADER'
      ? { kind: 'not-leader', mayAsk: true }
      : { kind: 'problem', words: problemWords(error), mayAsk: false };
  }
}

interface DryRunProps {
  readonly trial: Tried | 'asking' | undefined;
  readonly parts: LiveParts;
}

/** What would become of it now. */
export function DryRun({ trial, parts }: DryRunProps): JSX.Element {
  return (
    <div class="dry-run" aria-live="polite" data-testid="dry-run">
      {trial === undefined ? (
        <p class="hint">Choose an operation: what would become of it is said here, and nothing is done yet.</p>
      ) : trial === 'asking' ? (
        <p class="hint">Asking what would become of it …</p>
      ) : trial.kind === 'decision' ? (
        <>
          <p class="hint">What would become of it now:</p>
          <DecisionLine decision={trial.decision} />
        </>
      ) : trial.kind === 'not-leader' ? (
        <NotLeader parts={parts} />
      ) : (
        <p class="note note-warning">
          <Icon name="warning" />
          <span>{trial.words}</span>
        </p>
      )}
    </div>
  );
}

function NotLeader({ parts: { status, members = [] } }: { readonly parts: LiveParts }): JSX.Element {
  const leader = status?.leader;
  const url = agentLink(members.find(({ memberId }) => memberId === leader?.id)?.url);
  return (
    <p class="note">
      <Icon name="info" />
      <span>
        This agent does not lead, so it cannot say what would become of it.{' '}
        {leader === undefined
          ? 'No agent leads now: a request waits until one does.'
          : `That beside ${leader.name} leads: `}
        {leader !== undefined && url !== undefined ? <a href={url}>ask there</a> : undefined}
        {leader === undefined ? '' : ', or go on: a request from here reaches it, too.'}
      </span>
    </p>
  );
}
