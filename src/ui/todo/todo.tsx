import type { JSX } from 'preact';
import { sentences } from '../../expose/sentences.ts';
import { Icon, type IconName } from '../frame/icon.tsx';
import { useNow } from '../frame/now.ts';
import { Empty, Section } from '../frame/section.tsx';
import type { PartsOf } from '../live/parts.ts';
import { Prose } from '../words/prose.tsx';
import { agoText } from '../words/time-words.ts';
import { notSeen, type Severity, type TodoItem, todoItems } from './todo-items.ts';

const icons: Readonly<Record<Severity, IconName>> = { critical: 'bad', warning: 'warning', info: 'info' };

/** What is left for a person, the gravest first. */
export function Todo(parts: PartsOf<'status' | 'members' | 'backups' | 'decisions'>): JSX.Element {
  const { status, members = [] } = parts;
  const items = todoItems(parts);
  const unseen = notSeen(status);
  return (
    <Section id="todo" title="To do" aside={items.length === 0 ? undefined : <span class="count">{items.length}</span>}>
      {items.length === 0 ? (
        <Empty>
          {status?.agent.observedAt === undefined
            ? 'This agent has not observed its member yet.'
            : members.some(({ silentSince }) => silentSince !== undefined)
              ? 'Nothing that the agents know of which answer.'
              : 'Nothing. No agent knows of anything that needs a person.'}
        </Empty>
      ) : (
        <ul class="todo-list">
          {items.map((item) => (
            <Item key={item.key} item={item} />
          ))}
        </ul>
      )}
      {unseen.length === 0 ? undefined : (
        <details class="more">
          <summary>Not seen by this agent: {unseen.length}</summary>
          <ul class="todo-list">
            {unseen.map((item) => (
              <Item key={item.key} item={item} />
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}

function Item({ item }: { readonly item: TodoItem }): JSX.Element {
  const { severity, title, evidence, todo, since, confidence, comesOf, code } = item;
  return (
    <li class={`todo-item severity-${severity}`}>
      <Icon name={icons[severity]} />
      <div>
        <p class="todo-title">
          <span class="severity">{severity}</span> <Prose text={title} />
        </p>
        {evidence.length === 0 ? undefined : <p class="evidence">{sentences(evidence.join('; '))}</p>}
        {todo === undefined ? undefined : (
          <p class="todo-step">
            <strong>To do:</strong> <Prose text={todo} />
          </p>
        )}
        <p class="meta">
          {confidence === undefined ? undefined : <span>{confidence}</span>}
          {since === undefined ? undefined : <Since iso={since} />}
          {comesOf === undefined ? undefined : <span>comes of: {comesOf}</span>}
          <code>{code}</code>
        </p>
      </div>
    </li>
  );
}

function Since({ iso }: { readonly iso: string }): JSX.Element {
  const now = useNow();
  return <span>began {agoText(Date.parse(iso), now)}</span>;
}
