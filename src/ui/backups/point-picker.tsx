import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatBytes } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { BackupPoints } from '../../expose/live/words.ts';
import { Icon } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';
import { Empty } from '../frame/section.tsx';
import { agoText, fromInputTime, fullTimeText, toInputTime } from '../words/time-words.ts';
import { CopyButton } from './copy-button.tsx';
import { type RestorePoint, restoreCommand } from './restore-command.ts';
import { aboutPoint, type Bounds, boundsOf, placeOf } from './timeline.ts';

interface PointPickerProps {
  readonly points: AsJson<BackupPoints>;
  readonly command: string;
}

/** The timeline of one store, on which a point is picked, and the command that restores it. */
export function PointPicker({ points, command }: PointPickerProps): JSX.Element {
  const now = useNow();
  const [point, setPoint] = useState<RestorePoint>({ kind: 'latest' });
  const bounds = boundsOf(points);
  const { store, fulls, fault } = points;
  const said =
    fault === undefined ? undefined : (
      <p class="note note-warning">
        <Icon name="warning" />
        <span>{fault.message}</span>
      </p>
    );
  if (bounds === undefined) {
    return (
      <>
        {said}
        <Empty>
          Nothing that could be restored is in <code>{store}</code> yet.
        </Empty>
      </>
    );
  }
  const newest = fulls.at(-1);
  return (
    <>
      {said}
      <p class="meta">
        <code>{store}</code>
        <span>
          {fulls.length} full {fulls.length === 1 ? 'snapshot' : 'snapshots'}
        </span>
        {newest === undefined ? undefined : (
          <span>
            the newest {agoText(Date.parse(newest.at), now)}, {formatBytes(Number(newest.bytes))}
          </span>
        )}
      </p>
      <Timeline points={points} bounds={bounds} point={point} pick={setPoint} />
      <Choices bounds={bounds} point={point} pick={setPoint} />
      {command === '' ? (
        <Empty>The command is not known: nothing says which timeline this store has.</Empty>
      ) : (
        <div class="command">
          <code data-testid="restore-command">{restoreCommand(command, point)}</code>
          <CopyButton text={restoreCommand(command, point)} />
        </div>
      )}
      <ul class="about-point">
        {aboutPoint(points, point, bounds, now).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  );
}

interface PickProps {
  readonly bounds: Bounds;
  readonly point: RestorePoint;
  readonly pick: (point: RestorePoint) => void;
}

function Timeline({ points, bounds, point, pick }: PickProps & { readonly points: AsJson<BackupPoints> }): JSX.Element {
  const [min, max] = [Math.ceil(bounds.fromMs / 1000), Math.floor(bounds.toMs / 1000)];
  const atMs = point.kind === 'time' ? point.atMs : bounds.toMs;
  return (
    <div class="timeline">
      <div class="timeline-track" aria-hidden="true">
        {points.stretches.map(({ from, to, fromRevision }) => {
          const [left, right] = [placeOf(Date.parse(from), bounds), placeOf(Date.parse(to), bounds)];
          return <span key={fromRevision} class="stretch" style={{ left: `${left}%`, width: `${right - left}%` }} />;
        })}
        {points.fulls.map(({ at, revision }) => (
          <span
            key={`${at} ${revision}`}
            class="full"
            style={{ left: `${placeOf(Date.parse(at), bounds)}%` }}
            title={`full snapshot of revision ${revision}, ${fullTimeText(Date.parse(at))}`}
          />
        ))}
      </div>
      <input
        type="range"
        aria-label="Point in time"
        aria-valuetext={fullTimeText(atMs)}
        min={min}
        max={Math.max(min, max)}
        step={1}
        value={Math.floor(atMs / 1000)}
        onInput={(event) => pick({ kind: 'time', atMs: Number(event.currentTarget.value) * 1000 })}
      />
      <p class="timeline-ends number">
        <span>{fullTimeText(bounds.fromMs)}</span>
        <span>{fullTimeText(bounds.toMs)}</span>
      </p>
      <p class="timeline-key">
        <span>
          <span class="full" aria-hidden="true" /> full snapshot
        </span>
        <span>
          <span class="stretch" aria-hidden="true" /> every moment can be restored
        </span>
      </p>
    </div>
  );
}

function Choices({ bounds, point, pick }: PickProps): JSX.Element {
  const atMs = point.kind === 'time' ? point.atMs : bounds.toMs;
  return (
    <div class="choices">
      <label>
        Time (UTC)
        <input
          type="datetime-local"
          step={1}
          value={toInputTime(atMs)}
          min={toInputTime(bounds.fromMs)}
          max={toInputTime(bounds.toMs)}
          onChange={(event) => {
            const picked = fromInputTime(event.currentTarget.value);
            if (picked !== undefined) pick({ kind: 'time', atMs: picked });
          }}
        />
      </label>
      <label>
        or revision
        <input
          type="text"
          inputMode="numeric"
          size={10}
          value={point.kind === 'revision' ? point.revision : ''}
          onInput={(event) => {
            // It becomes a part of a command.
            const revision = event.currentTarget.value.replaceAll(/\D/g, '');
            pick(revision === '' ? { kind: 'latest' } : { kind: 'revision', revision });
          }}
        />
      </label>
      <button type="button" aria-pressed={point.kind === 'latest'} onClick={() => pick({ kind: 'latest' })}>
        Latest
      </button>
    </div>
  );
}
