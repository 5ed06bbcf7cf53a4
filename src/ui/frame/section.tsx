import type { ComponentChildren, JSX } from 'preact';

interface SectionProps {
  readonly id: string;
  readonly title: string;
  /** Beside the title: a number, a choice. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A part of the page under its heading. */
export function Section({ id, title, aside, children }: SectionProps): JSX.Element {
  return (
    <section id={id} class="section" aria-labelledby={`${id}-title`}>
      <div class="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside === undefined ? undefined : <div class="section-aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Says in words why there is nothing to see. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}
