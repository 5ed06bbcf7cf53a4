import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AsJson } from '../../expose/as-json.ts';
import type { BackupPointsReply } from '../../expose/live/words.ts';
import { type Api, ApiProblem } from '../api/call.ts';
import { Field } from '../frame/field.tsx';
import { Icon } from '../frame/icon.tsx';
import { Empty, Section } from '../frame/section.tsx';
import { isFault, type LiveParts } from '../live/parts.ts';
import { PointPicker } from './point-picker.tsx';

interface BackupsProps {
  readonly api: Api;
  /** As the agent sees them that backs up. */
  readonly backups: LiveParts['backups'];
}

const EVERY_MS = 60_000;

/** What can be restored, and the command that does it. */
export function Backups({ api, backups }: BackupsProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(place);
  const { reply, problem } = usePoints(api, isSeen);
  const [chosen, setChosen] = useState(0);
  const points = reply?.stores[chosen] ?? reply?.stores[0];
  const command = reply?.commands[points === reply?.stores[chosen] ? chosen : 0];
  return (
    <Section
      id="backups"
      title="Backups"
      aside={
        reply === undefined || reply.stores.length < 2 ? undefined : (
          <Field label="Store" class="choice">
            {(id) => (
              <select id={id} value={chosen} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
                {reply.stores.map(({ store }, index) => (
                  <option key={store} value={index}>
                    {store}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )
      }
    >
      <div ref={place}>
        <Faults backups={backups} />
        {problem !== undefined ? (
          <Empty>What can be restored is not known: {problem}</Empty>
        ) : reply === undefined ? (
          <Empty>Reading what is in the store …</Empty>
        ) : points === undefined ? (
          <Empty>No store is configured (backup.store): nothing is backed up.</Empty>
        ) : (
          <PointPicker key={points.store} points={points} command={command ?? ''} />
        )}
      </div>
    </Section>
  );
}

/** Why it does not get on, as the agent that backs up says. */
function Faults({ backups }: Pick<BackupsProps, 'backups'>): JSX.Element | undefined {
  if (backups === undefined) return undefined;
  if (isFault(backups)) return <Empty>How far the backups are is not known: {backups.fault.message}</Empty>;
  const faults = [backups.fault, backups.captureFault, ...backups.stores.map(({ fault }) => fault)].filter(
    (fault) => fault !== undefined,
  );
  return (
    <>
      {faults.map(({ code, message, remedy }) => (
        <p key={code} class="note note-warning">
          <Icon name="warning" />
          <span>
            {message}
            {remedy === undefined ? '' : ` To do: ${remedy}`}
          </span>
        </p>
      ))}
      {backups.fullUnderWay === undefined ? undefined : (
        <p class="note">
          <Icon name="busy" />
          <span>A full snapshot is being taken: {backups.fullUnderWay}</span>
        </p>
      )}
    </>
  );
}

/** Whether an element has been scrolled to; the store need not be read for who does not look. */
function useSeen(place: { readonly current: HTMLElement | null }): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (place.current === null) return;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting === true));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [place]);
  return isSeen;
}

function usePoints(
  api: Api,
  isSeen: boolean,
): { readonly reply?: AsJson<BackupPointsReply>; readonly problem?: string } {
  const [known, setKnown] = useState<ReturnType<typeof usePoints>>({});
  useEffect(() => {
    if (!isSeen) return;
    const end = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const reply = await api.backupPoints(end.signal);
        setKnown({ reply });
      } catch (error) {
        if (!end.signal.aborted) setKnown({ problem: error instanceof ApiProblem ? error.message : String(error) });
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => {
      clearInterval(timer);
      end.abort();
    };
  }, [api, isSeen]);
  return known;
}
