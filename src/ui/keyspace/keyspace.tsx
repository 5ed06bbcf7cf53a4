import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { KeyspaceSection, PrefixTotals } from '../../cluster/sections.ts';
import { formatBytes, formatCount, formatPercent } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { Field } from '../frame/field.tsx';
import { Empty, Section } from '../frame/section.tsx';
import { isFault, type PartsOf } from '../live/parts.ts';
import { Treemap } from './treemap.tsx';

/** What is in etcd, by prefix: how much, and how busy. */
export function Keyspace({ keyspace }: PartsOf<'keyspace'>): JSX.Element {
  const [chosen, setDepth] = useState<number>();
  const levels = keyspace === undefined || isFault(keyspace) ? [] : keyspace.levels;
  const depth = chosen ?? (keyspace === undefined || isFault(keyspace) ? 1 : Number(keyspace.depth));
  return (
    <Section
      id="keyspace"
      title="Keyspace"
      aside={
        levels.length < 2 ? undefined : (
          <Field label="Depth" class="choice">
            {(id) => (
              <select id={id} value={depth} onChange={(event) => setDepth(Number(event.currentTarget.value))}>
                {levels.map((level) => (
                  <option key={level.depth} value={Number(level.depth)}>
                    {level.depth}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )
      }
    >
      {keyspace === undefined ? (
        <Empty>Not known yet.</Empty>
      ) : isFault(keyspace) ? (
        <Empty>Nobody counts the keys: {keyspace.fault.message}</Empty>
      ) : (
        <Totals keyspace={keyspace} depth={depth} />
      )}
    </Section>
  );
}

function Totals({
  keyspace,
  depth,
}: {
  readonly keyspace: AsJson<KeyspaceSection>;
  readonly depth: number;
}): JSX.Element {
  const { phase, waitingFor, heldBy, scannedKeys, totalKeys, totalBytes, levels, revision } = keyspace;
  const prefixes = levels.find((level) => Number(level.depth) === depth)?.prefixes ?? keyspace.prefixes;
  if (phase === 'waiting') {
    return (
      <Empty>
        This agent does not count the keys
        {heldBy === undefined ? '' : `; that beside ${heldBy.member} does`}
        {waitingFor === undefined ? '.' : `: ${waitingFor}`}
      </Empty>
    );
  }
  return (
    <>
      <p class="meta">
        {phase === 'scanning' ? (
          <span>
            Reading all keys: {formatCount(Number(scannedKeys))} so far
            {waitingFor === undefined ? '' : `; it pauses: ${waitingFor}`}
          </span>
        ) : (
          <span class="number">
            {formatCount(Number(totalKeys ?? 0))} keys, {formatBytes(Number(totalBytes ?? 0))} at revision {revision}
          </span>
        )}
        <span>area: bytes; colour: writes per second</span>
      </p>
      {prefixes.length === 0 ? (
        <Empty>
          {phase === 'scanning' ? 'Nothing has been counted yet.' : 'There is no key in etcd but those of the agents.'}
        </Empty>
      ) : (
        <>
          <Treemap prefixes={prefixes} />
          <PrefixTable prefixes={prefixes} />
        </>
      )}
    </>
  );
}

function PrefixTable({ prefixes }: { readonly prefixes: readonly AsJson<PrefixTotals>[] }): JSX.Element {
  const all = prefixes.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  return (
    <details class="more">
      <summary>As a table</summary>
      <div class="scroll-x">
        <table class="prefixes">
          <thead>
            <tr>
              <th scope="col">Prefix</th>
              <th scope="col">Keys</th>
              <th scope="col">Bytes</th>
              <th scope="col">Share</th>
              <th scope="col">Writes per second</th>
            </tr>
          </thead>
          <tbody>
            {prefixes.map(({ prefix, keys, bytes, writesPerSecond }) => (
              <tr key={prefix}>
                <th scope="row">
                  <code>{prefix}</code>
                </th>
                <td class="number">{formatCount(Number(keys))}</td>
                <td class="number">{formatBytes(Number(bytes))}</td>
                <td class="number">{all === 0 ? '–' : formatPercent(Number(bytes) / all)}</td>
                <td class="number">{Number(writesPerSecond).toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
