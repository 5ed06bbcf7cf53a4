import type { JSX } from 'preact';

/** A sentence in which `commands` stand between backticks, as the agents write them. */
export function Prose({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split('`');
  // With an odd number of backticks the last one is only itself.
  const isPaired = parts.length % 2 === 1;
  return (
    <>
      {isPaired
        ? parts.map((part, index) => (index % 2 === 0 ? part : <code key={`${index} ${part}`}>{part}</code>))
        : text}
    </>
  );
}
