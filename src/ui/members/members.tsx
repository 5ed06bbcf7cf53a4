import type { JSX } from 'preact';
import { Empty, Section } from '../frame/section.tsx';
import type { PartsOf } from '../live/parts.ts';
import { calledOf } from '../words/names.ts';
import { MemberCard } from './member-card.tsx';

/** A card for each member, in the order of names. */
export function Members({ status, members: sights }: PartsOf<'status' | 'members'>): JSX.Element {
  const members = (status?.members ?? []).toSorted((a, b) =>
    calledOf(a).localeCompare(calledOf(b), 'en', { numeric: true }),
  );
  return (
    <Section id="members" title="Members">
      {members.length === 0 ? (
        <Empty>No member has given this agent the member list yet.</Empty>
      ) : (
        <div class="cards">
          {members.map((member) => (
            <MemberCard
              key={member.id}
              member={member}
              sight={sights?.find(({ memberId }) => memberId === member.id)}
              leadsAgents={status?.leader?.id === member.id}
              alarms={(status?.alarms ?? []).filter(({ memberId }) => memberId === member.id)}
            />
          ))}
        </div>
      )}
    </Section>
  );
}
