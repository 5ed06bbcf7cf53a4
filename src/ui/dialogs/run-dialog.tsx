import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { operationNames } from '../../cluster/caretaking.ts';
import type { Api, Wish } from '../api/call.ts';
import { Field } from '../frame/field.tsx';
import type { LiveParts } from '../live/parts.ts';
import type { Wanted } from '../under-way/becomes.ts';
import { calledOf } from '../words/names.ts';
import { Dialog } from './dialog.tsx';
import { DryRun, type Tried, tried } from './dry-run.tsx';
import { useSending } from './sending.ts';
import { byOf, storedName, WhoAsks } from './who-asks.tsx';

interface RunDialogProps {
  readonly api: Api;
  readonly parts: LiveParts;
  readonly onAsked: (wanted: Wanted) => void;
  readonly onClose: () => void;
}

/** So long after the last change of a choice it is tried. */
const CALM_MS = 250;

/** These are of one member, and no policy chooses it for a person. */
const ofOneMember: ReadonlySet<string> = new Set(['replace', 'leave']);

/** Asks the agents for an operation, after what would become of it has been seen. */
export function RunDialog({ api, parts, onAsked, onClose }: RunDialogProps): JSX.Element {
  const [operation, setOperation] = useState('');
  const [member, setMember] = useState('');
  const [to, setTo] = useState('');
  const [name, setName] = useState(storedName);
  const { isBusy, problem, send } = useSending();
  const isUpgrade = operation === 'upgrade';
  const isComplete =
    operation !== '' && (member !== '' || !ofOneMember.has(operation)) && (!isUpgrade || /^\d+\.\d+\.\d+/.test(to));
  const wish: Omit<Wish, 'by'> = {
    operation,
    ...(member === '' ? {} : { member }),
    ...(isUpgrade ? { to } : {}),
  };
  const trial = useDryRun(api, isComplete ? JSON.stringify(wish) : undefined);
  const ask = async (): Promise<void> => {
    const { id } = await api.request({ ...wish, by: byOf(name) });
    onAsked({ id, operation, ...(member === '' ? {} : { member }) });
    onClose();
  };
  return (
    <Dialog
      title="Run an operation"
      confirm="Ask for it"
      isReady={isComplete && trial !== undefined && trial !== 'asking' && trial.mayAsk}
      isBusy={isBusy}
      problem={problem}
      onClose={onClose}
      onSubmit={() => send(ask)}
    >
      <p>It passes windows, cool-downs and the daily budget, never what keeps the cluster safe.</p>
      <div class="field-row">
        <Field label="Operation">
          {(id) => (
            <select id={id} required value={operation} onChange={(event) => setOperation(event.currentTarget.value)}>
              <option value="">choose …</option>
              {operationNames.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Member">
          {(id) => (
            <select id={id} value={member} onChange={(event) => setMember(event.currentTarget.value)}>
              <option value="">{ofOneMember.has(operation) ? 'choose …' : 'those that need it'}</option>
              {(parts.status?.members ?? []).map((each) => (
                <option key={each.id} value={calledOf(each)}>
                  {calledOf(each)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {isUpgrade ? (
          <Field label="To version">
            {(id) => (
              <input
                id={id}
                type="text"
                required
                placeholder="3.5.30"
                size={8}
                value={to}
                onInput={(event) => setTo(event.currentTarget.value.trim())}
              />
            )}
          </Field>
        ) : undefined}
      </div>
      <WhoAsks name={name} onInput={setName} />
      <DryRun trial={trial} parts={parts} />
    </Dialog>
  );
}

/** Tries each choice as soon as it is made; a choice that is not complete has nothing to be tried. */
function useDryRun(api: Api, wish: string | undefined): Tried | 'asking' | undefined {
  const [trial, setTrial] = useState<Tried | 'asking'>();
  useEffect(() => {
    setTrial(wish === undefined ? undefined : 'asking');
    if (wish === undefined) return;
    const end = new AbortController();
    const timer = setTimeout(() => {
      void tried(api, { ...JSON.parse(wish), by: 'status page' }, end.signal).then((result) => {
        if (!end.signal.aborted) setTrial(result);
      });
    }, CALM_MS);
    return () => {
      clearTimeout(timer);
      end.abort();
    };
  }, [api, wish]);
  return trial;
}
