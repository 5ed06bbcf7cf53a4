/** Text as man(7) has it: nothing in it is a request, and a hyphen stays one that can be copied. */
export function roffText(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/^\./gm, '\\&.')
    .replaceAll(
      /[^\0-\x7f]/gu,
      (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}

/** An argument of a request. */
export function roffArgument(text: string): string {
  return `"${roffText(text).replaceAll('"', '\\(dq')}"`;
}

/** A term, and below it what is said of it. */
export function roffEntry(term: string, text: string): string {
  return `.TP\n.B ${roffArgument(term)}\n${roffText(text === '' ? ' ' : text)}\n`;
}

/** Lines as they stand, such as examples. */
function roffLiteral(text: string): string {
  return `.PP\n.nf\n${roffText(text)}\n.fi\n`;
}

/** Paragraphs, which an empty line parts; lines that begin with a space stand as they are. */
export function roffProse(text: string): string {
  const blocks = text.split(/\n{2,}/).filter((block) => block.trim() !== '');
  return blocks.map((block) => (/^ /m.test(block) ? withLiteral(block) : `.PP\n${roffText(block.trim())}\n`)).join('');
}

/** A line before what stands indented belongs to it: `Examples:`. */
function withLiteral(block: string): string {
  const [head = '', ...rest] = block.trimEnd().split(/\n(?= )/);
  const isHead = !head.startsWith(' ');
  const lines = isHead ? rest : [head, ...rest];
  return `${isHead ? `.PP\n${roffText(head)}\n` : ''}.RS 2\n${roffLiteral(lines.join('\n'))}.RE\n`;
}
