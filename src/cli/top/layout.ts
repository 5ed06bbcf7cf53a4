import type { Glyphs } from './glyphs.ts';
import { cutLine, type Line, span, widthOf } from './line.ts';
import type { Section } from './section.ts';

/** What came of placing sections. */
export interface Placed {
  readonly lines: readonly Line[];
  /** Names of those for which there was no room at all, and what is hidden in the others. */
  readonly leftOut: readonly string[];
}

/**
 * Puts sections below each other, in the order of the list, into so many rows: first each gets what it needs at least, by priority; then
 * they take turns. What does not fit is counted in its heading. `rows` may be infinite.
 */
export function placed(sections: readonly Section[], rows: number, columns: number, glyphs: Glyphs): Placed {
  const byPriority = sections.toSorted((a, b) => a.priority - b.priority);
  /** Rows below the heading. */
  const granted = new Map<Section, number>();
  let free = rows;
  for (const section of byPriority) {
    const least = Math.min(section.least, section.groups.length);
    if (free < 1 + least) continue;
    granted.set(section, least);
    free -= 1 + least;
  }
  let isGiving = true;
  while (free > 0 && isGiving) {
    isGiving = false;
    for (const section of byPriority) {
      const has = granted.get(section);
      if (has === undefined || has >= linesIn(section) || free === 0) continue;
      granted.set(section, has + 1);
      free -= 1;
      isGiving = true;
    }
  }
  return {
    lines: sections.flatMap((section) => {
      const has = granted.get(section);
      return has === undefined ? [] : drawn(section, has, columns, glyphs);
    }),
    leftOut: sections.flatMap((section) => (granted.has(section) ? (section.hidden ?? []) : section.name)),
  };
}

function linesIn({ groups }: Section): number {
  return groups.reduce((sum, group) => sum + group.length, 0);
}

function drawn(section: Section, rows: number, columns: number, glyphs: Glyphs): readonly Line[] {
  const { heading, groups } = section;
  if (rows >= linesIn(section)) return [heading, ...groups.flat()];
  const shown = groups.slice(0, rows);
  const more = groups.length - shown.length;
  // There may be room for what explains the first ones.
  let free = rows - shown.length;
  const lines = shown.flatMap((group) => {
    const extra = Math.min(free, group.length - 1);
    free -= extra;
    return group.slice(0, 1 + extra);
  });
  return [more === 0 ? heading : withCount(heading, more, columns, glyphs), ...lines];
}

function withCount(heading: Line, more: number, columns: number, glyphs: Glyphs): Line {
  const count = span(`  ${more} more`, 'warn');
  return [...cutLine(heading, columns - widthOf([count]), glyphs.ellipsis), count];
}
