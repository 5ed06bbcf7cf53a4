import { styleText } from 'node:util';

/**
 * Colours, with one meaning everywhere. Red: lost, critical, failed. Yellow: a warning, or something that is held and needs a look. Green: healthy,
 * succeeded, done. Dim: what is secondary.
 */
export type Paint = (style: 'red' | 'yellow' | 'green' | 'dim', text: string) => string;

/** How text looks where it goes to. */
export interface Look {
  readonly paint: Paint;
  /** Width of the terminal; absent where there is none: lines are as long as they are. */
  readonly columns?: number;
}

/** Without colours and at any width, as whoever is no terminal gets it. */
export const plainLook: Look = { paint: (_style, text) => text };

/** Plain where the stream is no terminal; without colours where NO_COLOR and its kin say so. */
export function lookOf(stream: NodeJS.WriteStream): Look {
  const paint: Paint = (style, text) => styleText(style, text, { stream });
  return stream.isTTY && stream.columns > 0 ? { paint, columns: stream.columns } : { paint };
}
