/** As long as a name in the history may be, in characters. */
const longestName = 100;

/**
 * Who asked, for the history: by what the caller has shown, and in brackets by what it says of itself, which nobody has
 * checked. Control characters, and those that reorder what follows, would forge lines of a log: they are left out.
 */
export function auditName(shown: string, claimed: string | undefined): string {
  const claim = plain(claimed ?? '');
  const name = plain(shown);
  return cut(claim === '' ? name : `${name} (${claim})`, claim === '' ? '' : ')');
}

/** One line of visible characters. */
export function plain(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function cut(text: string, end: string): string {
  const characters = [...text];
  return characters.length <= longestName
    ? text
    : `${characters.slice(0, longestName - 1 - end.length).join('')}…${end}`;
}
