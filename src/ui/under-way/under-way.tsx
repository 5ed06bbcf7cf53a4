import type { JSX } from 'preact';
import type { JournaledStep, RequestRecord, Slot } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { Icon } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';
import { Empty, Section } from '../frame/section.tsx';
import { isFault, type PartsOf } from '../live/parts.ts';
import { useNameOf } from '../words/names.ts';
import { Prose } from '../words/prose.tsx';
import { agoText, clockText, spanBetween } from '../words/time-words.ts';
import { AskedFor } from './asked-for.tsx';
import type { Wanted } from './becomes.ts';
import { Steps } from './steps.tsx';

interface UnderWayProps extends PartsOf<'status' | 'operations' | 'decisions'> {
  /** What was asked for in this page. */
  readonly wanted: readonly Wanted[];
}

/** The operation that the agents carry out now, step by step, and what waits behind it. */
export function UnderWay({ status, operations: part, decisions, wanted }: UnderWayProps): JSX.Element {
  const operations = part === undefined || isFault(part) ? undefined : part;
  const requests = operations?.requests ?? [];
  const recovery = status?.recovery;
  return (
    <Section id="under-way" title="Under way">
      {recovery === undefined || recovery.state === 'idle' ? undefined : (
        <p class="notice tone-bad">
          <Icon name="bad" />
          <span>
            Recovery of the lost quorum: <strong>{recovery.state}</strong>
            {recovery.reasons.map(({ code, message }) => (
              <span key={code}>
                . <Prose text={message} />
              </span>
            ))}
          </span>
        </p>
      )}
      {status?.journalConnected === false ? (
        <p class="note note-warning">
          <Icon name="warning" />
          <span>Etcd does not tell now what the agents do: what follows is as it was last seen.</span>
        </p>
      ) : undefined}
      {operations?.slot === undefined ? (
        <Nothing status={status} operations={part} />
      ) : (
        <Operation slot={operations.slot} />
      )}
      {requests.length === 0 ? undefined : (
        <>
          <h3>Waiting</h3>
          <ul class="plain-list">
            {requests.map((request) => (
              <Waiting key={request.id} request={request} />
            ))}
          </ul>
        </>
      )}
      <AskedFor wanted={wanted} operations={part} decisions={decisions} />
    </Section>
  );
}

function Nothing({ status, operations }: PartsOf<'status' | 'operations'>): JSX.Element {
  if (operations !== undefined && isFault(operations)) {
    return <Empty>What the agents do is not known: {operations.fault.message}</Empty>;
  }
  const operation = status?.operation;
  if (operation !== undefined) {
    return (
      <p>
        <strong>{operation.operation}</strong>: {operation.step} {operation.stepMember?.name ?? ''}
      </p>
    );
  }
  if (status !== undefined && status.agents === undefined) {
    return (
      <Empty>No agent acts here: they only watch. The configuration says how to change that (docs/acting.md).</Empty>
    );
  }
  if (status?.journalConnected === false) return <Empty>No operation was under way.</Empty>;
  return (
    <Empty>
      Nothing.{' '}
      {status?.armed === false
        ? 'The agents are not armed yet: they only plan.'
        : 'The agents have no operation to carry out.'}
    </Empty>
  );
}

function Operation({ slot }: { readonly slot: AsJson<Slot> }): JSX.Element {
  const now = useNow();
  const nameOf = useNameOf();
  const { operation, targets, holder, requestedBy, reasons, startedAtMs, steps } = slot;
  return (
    <div class="operation">
      <p class="operation-title">
        <Icon name="busy" />
        <span>
          <strong>{operation}</strong>
          {targets.length === 0 ? '' : ` on ${targets.map(nameOf).join(', then ')}`}, for{' '}
          <span class="number">{spanBetween(Number(startedAtMs), now)}</span>
        </span>
      </p>
      <p class="meta">
        <span>began {clockText(Number(startedAtMs))} UTC</span>
        <span>carried out by the agent beside {nameOf(holder)}</span>
        {requestedBy === undefined ? undefined : <span>asked for by {requestedBy}</span>}
      </p>
      {reasons.length === 0 ? undefined : <p class="evidence">Why: {reasons.join('; ')}</p>}
      <Steps steps={firstStep(steps, slot)} endMs={now} isRunning />
    </div>
  );
}

/** Before its first step there is only that it has begun. */
function firstStep(
  steps: AsJson<readonly JournaledStep[]>,
  { phase, phaseAtMs }: AsJson<Slot>,
): AsJson<readonly JournaledStep[]> {
  return steps.length === 0 ? [{ name: phase, atMs: phaseAtMs }] : steps;
}

function Waiting({ request }: { readonly request: AsJson<RequestRecord> }): JSX.Element {
  const now = useNow();
  const nameOf = useNameOf();
  const { operation, target, to, by, atMs } = request;
  return (
    <li>
      <strong>{operation}</strong>
      {target === undefined ? '' : ` on ${nameOf(target)}`}
      {to === undefined ? '' : ` to ${to}`}
      <span class="meta">
        <span>asked for by {by}</span>
        <span>{agoText(Number(atMs), now)}</span>
      </span>
    </li>
  );
}
