import type { Paint } from './look.ts';

const lost = /^(?:QUORUM LOST|CORRUPT|NOSPACE|Not well)/;

/** The first sentence of a status in the colour of how things are. */
export function paintedHeadline(headline: string, paint: Paint): string {
  const style = headline.startsWith('Healthy') ? 'green' : lost.test(headline) ? 'red' : 'yellow';
  return headline.replace(/^[^.:]+[.:]?/, (words) => paint(style, words));
}

/** The lines below the members: their labels step back, and what must not be overlooked stands out. */
export function paintedSections(text: string, paint: Paint): string {
  return text
    .replaceAll(/^(?:Quota|Latency|Agents|Operation|Backups|Last gasp|Member|Recovery) +/gm, (label) =>
      paint('dim', label),
    )
    .replaceAll(/^PAUSED .*$|; not armed yet: they only plan|none leads/gm, (words) => paint('yellow', words))
    .replaceAll(/\bNONE\b/g, (word) => paint('red', word));
}
