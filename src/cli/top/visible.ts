/** More than any terminal has columns. */
const MOST_CHARACTERS = 2000;

/** What moves the cursor, reorders what follows, or is no character at all: as in `keyText`, besides what is escaped there already. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/**
 * Text from the cluster as one line that a terminal shows and nothing else: line ends and tabs become blanks, other control
 * characters `\xNN`.
 */
export function visible(text: string): string {
  return text
    .slice(0, MOST_CHARACTERS)
    .toWellFormed()
    .replace(/[\t\n\v\f\r\u2028\u2029]+/g, ' ')
    .replace(unsafe, (match) =>
      Array.from(Buffer.from(match), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
}
