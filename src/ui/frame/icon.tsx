import type { JSX } from 'preact';

const paths = {
  good: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.7 5.2-4.4 4.6-3-2.9 1-1.1 1.9 1.9 3.4-3.6Z',
  warning: 'M8 1 0.5 14.5h15Zm-.9 4.8h1.8l-.2 4.7H7.3Zm.9 7.2a1 1 0 1 1 0-2 1 1 0 0 1 0 2Z',
  bad: 'M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5Zm.3 3.4L4.2 5.3 6.9 8l-2.7 2.7 1.1 1.1L8 9.1l2.7 2.7 1.1-1.1L9.1 8l2.7-2.7-1.1-1.1L8 6.9Z',
  unknown:
    'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-.9 9.6h1.7v1.7H7.1Zm0-1.2c0-2.2 2-2.1 2-3.4 0-.7-.5-1-1.1-1-.7 0-1.2.4-1.3 1.2l-1.6-.2C5.2 4.4 6.3 3.5 8 3.5c1.7 0 2.8.9 2.8 2.4 0 2-2 2.2-2 3.5Z',
  info: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-.9 5.8h1.8v5H7.1Zm.9-3.3a1 1 0 1 1 0 2 1 1 0 0 1 0-2Z',
  pause: 'M3.5 2h3.2v12H3.5Zm5.8 0h3.2v12H9.3Z',
  busy: 'M8 1v2a5 5 0 1 1-5 5H1a7 7 0 1 0 7-7Z',
} as const;

export type IconName = keyof typeof paths;

/** A small picture beside a word that says the same, so it is hidden from who does not see it. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} fill-rule="evenodd" />
    </svg>
  );
}
