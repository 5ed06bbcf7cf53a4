import type { JSX } from 'preact';
import { Icon } from '../frame/icon.tsx';
import type { PartsOf } from '../live/parts.ts';
import { becomeOf, type Wanted } from './becomes.ts';

interface AskedForProps extends PartsOf<'operations' | 'decisions'> {
  readonly wanted: readonly Wanted[];
}

/** What becomes of that which was asked for in this page. */
export function AskedFor({ wanted, ...parts }: AskedForProps): JSX.Element | undefined {
  if (wanted.length === 0) return undefined;
  return (
    <>
      <h3>Asked for in this page</h3>
      <ul class="plain-list" aria-live="polite" data-testid="asked-for">
        {wanted.map((each) => {
          const [icon, words] = becomeOf(each, parts);
          return (
            <li key={each.id} class="asked">
              <Icon name={icon} />
              <span>
                <strong>{each.operation}</strong>
                {each.member === undefined ? '' : ` on ${each.member}`}: {words}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}
