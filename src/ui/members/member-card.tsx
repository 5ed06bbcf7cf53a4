import type { ComponentChildren, JSX } from 'preact';
import { useContext } from 'preact/hooks';
import type { ActiveAlarm } from '../../cluster/sections.ts';
import { formatBytes, formatCount, formatLatency } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import type { MemberSight } from '../../expose/live/words.ts';
import type { StatusMember } from '../../expose/status.ts';
import { Icon } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';
import { calledOf, NamesContext } from '../words/names.ts';
import { agoText } from '../words/time-words.ts';
import { Certificate } from './certificate.tsx';
import { memberCondition } from './condition.ts';
import { Quota } from './quota.tsx';

interface MemberCardProps {
  readonly member: AsJson<StatusMember>;
  readonly sight: AsJson<MemberSight> | undefined;
  /** Its agent leads the agents. */
  readonly leadsAgents: boolean;
  readonly alarms: readonly AsJson<ActiveAlarm>[];
}

/** One member: what it is, how it does, and what its agent knows of the machine. */
export function MemberCard({ member, sight, leadsAgents, alarms }: MemberCardProps): JSX.Element {
  const { ordered } = useContext(NamesContext);
  const name = calledOf(member);
  const { tone, icon, word } = memberCondition(member, alarms);
  const brief = sight?.brief;
  return (
    <article class={`card member tone-edge-${tone}`} aria-label={name}>
      <header class="member-head">
        <h3>
          <span class={`swatch member-colour-${ordered.indexOf(name) % 8}`} aria-hidden="true" />
          {name}
        </h3>
        <span class={`tag ${member.role === 'leader' ? 'tag-strong' : ''}`}>{member.role}</span>
        {leadsAgents ? (
          <span class="tag" title="The agent beside it decides for all agents">
            agents' leader
          </span>
        ) : undefined}
        {member.own ? <span class="tag">this agent</span> : undefined}
        <span class={`condition tone-${tone}`}>
          <Icon name={icon} />
          {word}
        </span>
      </header>
      {member.fault === undefined ? undefined : <p class="evidence">{member.fault.message}</p>}
      <Silence sight={sight} />
      <dl class={sight?.silentSince === undefined ? 'facts' : 'facts facts-old'}>
        <Fact name="Lag">{lagText(member)}</Fact>
        <Fact name="WAL fsync p99">{latencyText(brief?.latency.walFsyncP99Seconds)}</Fact>
        <Fact name="Commit p99" title="Of the backend">
          {latencyText(brief?.latency.backendCommitP99Seconds)}
        </Fact>
        <Fact name="Linearizable read">{latencyText(brief?.latency.linearizableReadSeconds)}</Fact>
        {(brief?.disks ?? []).map((disk) => (
          <Fact
            key={disk.role}
            name={`${disk.role === 'wal' ? 'WAL' : 'Data'} on ${disk.device ?? '?'}`}
            title={disk.model}
          >
            {diskText(disk)}
          </Fact>
        ))}
        <Fact name="Version">
          {member.version === undefined ? '–' : `etcd ${member.version}`}
          {brief === undefined ? '' : `, agent ${brief.agentVersion}`}
        </Fact>
        <Fact name="Certificate">
          <Certificate certificate={brief?.certificate} />
        </Fact>
      </dl>
      <Quota quota={brief?.quota} member={member} />
    </article>
  );
}

function Fact({
  name,
  title,
  children,
}: {
  readonly name: string;
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd class="number" title={title}>
        {children}
      </dd>
    </div>
  );
}

/** What is on the card may be old, or never was. */
function Silence({ sight }: { readonly sight: AsJson<MemberSight> | undefined }): JSX.Element | undefined {
  const now = useNow();
  if (sight === undefined) return <p class="note">Whether an agent runs beside it is not known.</p>;
  if (sight.silentSince === undefined && sight.fault === undefined && sight.brief !== undefined) return undefined;
  const when = sight.silentSince === undefined ? '' : ` ${agoText(Date.parse(sight.silentSince), now)}`;
  const state =
    sight.brief === undefined
      ? `Its agent has not been heard${when === '' ? ' yet' : `, asked first${when}`}.`
      : `Its agent went silent${when}: what it says is of then.`;
  return (
    <p class="note note-warning">
      <Icon name="warning" />
      <span>
        {state} {sight.fault?.message}
        {sight.fault?.remedy === undefined ? '' : ` To do: ${sight.fault.remedy}`}
      </span>
    </p>
  );
}

function lagText({ raftIndexLagEntries, revisionLag }: AsJson<StatusMember>): string {
  if (raftIndexLagEntries === undefined) return '–';
  const revisions =
    revisionLag === undefined || revisionLag === '0' ? '' : `, ${formatCount(BigInt(revisionLag))} revisions`;
  return `${formatCount(BigInt(raftIndexLagEntries))} ${raftIndexLagEntries === '1' ? 'entry' : 'entries'}${revisions}`;
}

function latencyText(seconds: number | '+Inf' | undefined): string {
  return typeof seconds === 'number' ? formatLatency(seconds) : '–';
}

type Disk = NonNullable<AsJson<MemberSight>['brief']>['disks'][number];

function diskText({ availableBytes, sizeBytes, busyRatio }: Disk): string {
  const free =
    typeof availableBytes !== 'number'
      ? undefined
      : `${formatBytes(availableBytes)} free${typeof sizeBytes === 'number' ? ` of ${formatBytes(sizeBytes)}` : ''}`;
  const busy = typeof busyRatio === 'number' ? `${Math.round(Math.min(1, busyRatio) * 100)} %\u00a0busy` : undefined;
  return [free, busy].filter((part) => part !== undefined).join(', ') || '–';
}
