import type { JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { Action, Decision, JournalValue } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { Icon } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';
import { Empty, Section } from '../frame/section.tsx';
import { isFault, type PartsOf } from '../live/parts.ts';
import { NamesContext, useNameOf } from '../words/names.ts';
import { agoText } from '../words/time-words.ts';

/** What each policy has decided, and why; also that nothing is to be done is a decision. */
export function DecisionsList({ decisions }: PartsOf<'decisions'>): JSX.Element {
  if (decisions === undefined || isFault(decisions)) {
    return (
      <Section id="decisions" title="Decisions">
        <Empty>
          {decisions === undefined ? 'Not known yet.' : `They cannot be had now: ${decisions.fault.message}`}
        </Empty>
      </Section>
    );
  }
  const { leader, decidedAtMs, arming, breakers = [], decisions: all } = decisions;
  return (
    <Section
      id="decisions"
      title="Decisions"
      aside={leader === undefined ? undefined : <Decided member={leader.member} atMs={decidedAtMs} />}
    >
      {arming === undefined ? undefined : (
        <p class="note">
          <Icon name="info" />
          <span>The agents only plan as yet: {arming}</span>
        </p>
      )}
      {breakers.map(({ policy, failures }) => (
        <p key={policy} class="note note-warning">
          <Icon name="warning" />
          <span>
            {policy} stopped after {failures} failures, until somebody says Resume.
          </span>
        </p>
      ))}
      {all.length === 0 ? (
        <Empty>
          {leader === undefined
            ? 'No agent leads, so nothing is decided.'
            : 'The leading agent has not decided anything yet.'}
        </Empty>
      ) : (
        <ul class="decisions">
          {all.toSorted(byWeight).map((decision) => (
            <li key={`${decision.policy} ${decision.requestedBy ?? ''}`}>
              <DecisionLine decision={decision} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Decided({
  member,
  atMs,
}: {
  readonly member: string;
  readonly atMs: number | '+Inf' | undefined;
}): JSX.Element {
  const now = useNow();
  return (
    <span class="meta">
      by the agent beside {member}
      {atMs === undefined ? '' : `, ${agoText(Number(atMs), now)}`}
    </span>
  );
}

/** One decision with its reasons; of the others than the first only on demand. */
export function DecisionLine({ decision }: { readonly decision: AsJson<Decision> }): JSX.Element {
  const nameOf = useNameOf();
  const { byId } = useContext(NamesContext);
  const { policy, decision: word, reasons, action, page, requestedBy } = decision;
  const [first, ...more] = reasons;
  const parameters = Object.entries(action?.parameters ?? {});
  return (
    <div class="decision">
      <span class={`verb verb-${word}`}>{word}</span>
      <div>
        <p>
          <strong>{policy}</strong>
          {page === true ? <span class="tag tag-bad">a person has to look</span> : undefined}
          {requestedBy === undefined ? undefined : <span class="tag">asked for by {requestedBy}</span>}{' '}
          <span title={first.code}>{first.message}</span>
        </p>
        {action === undefined ? undefined : <ActionLine action={action} isDone={word === 'act'} nameOf={nameOf} />}
        {more.length + parameters.length === 0 ? undefined : (
          <details>
            <summary>
              {more.length === 0 ? 'Details' : `${more.length} more ${more.length === 1 ? 'reason' : 'reasons'}`}
            </summary>
            <ul>
              {more.map(({ code, message }) => (
                <li key={`${code} ${message}`}>
                  {message} <code>{code}</code>
                </li>
              ))}
              {parameters.map(([name, value]) => (
                <li key={name}>
                  <code>{name}</code> {parameterText(value, byId)}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </div>
  );
}

/** What an operation is given, with members by name. Pure. */
function parameterText(value: JournalValue, byId: ReadonlyMap<string, string>): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return [...byId].reduce((all, [id, name]) => all.replaceAll(id, name), text);
}

function ActionLine({
  action,
  isDone,
  nameOf,
}: {
  readonly action: AsJson<Action>;
  readonly isDone: boolean;
  readonly nameOf: (id: string) => string;
}): JSX.Element {
  const { operation, targets } = action;
  return (
    <p class="evidence">
      {isDone ? 'Does' : 'Would do'}: {operation}
      {targets.length === 0 ? '' : ` on ${targets.map(nameOf).join(', then ')}`}
    </p>
  );
}

const weights = { act: 0, plan: 1, hold: 2 } as const;

/** What is done before what is held; what a person has to look at before all. */
function byWeight(a: AsJson<Decision>, b: AsJson<Decision>): number {
  return Number(b.page === true) - Number(a.page === true) || weights[a.decision] - weights[b.decision];
}
