interface Range {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/**
 * The offered media type that an `Accept` header prefers (RFC 9110, section 12.5.1): the highest quality, then the
 * earliest offered. Without a header the first one. Undefined: none is acceptable.
 * A range with a `version` only matches an offer whose version is the same: Prometheus asks for formats by version.
 */
export function preferredType<T extends string>(accept: string | undefined, offered: readonly T[]): T | undefined {
  if (accept === undefined || accept.trim() === '') {
    return offered[0];
  }
  const ranges = parseRanges(accept);
  const rated = offered.map((offer) => ({ offer, quality: qualityOf(offer, ranges) }));
  const best = rated.reduce((a, b) => (b.quality > a.quality ? b : a), { offer: offered[0], quality: 0 });
  return best.quality > 0 ? best.offer : undefined;
}

/** Whether an `Accept-Encoding` header takes gzip. Without a header a client may not know it. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const ranges = parseRanges(acceptEncoding ?? '');
  const named =
    ranges.find(({ name }) => name === 'gzip' || name === 'x-gzip') ?? ranges.find(({ name }) => name === '*');
  return named !== undefined && named.quality > 0;
}

/** The quality that the most specific matching range gives; 0 when none matches. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const [type] = parseRanges(offer);
  const family = `${type?.name.split('/')[0]}/*`;
  const matching = ranges.filter(({ name, parameters }) => {
    const version = parameters.get('version');
    const sameVersion = version === undefined || version === type?.parameters.get('version');
    return (name === type?.name && sameVersion) || name === family || name === '*/*';
  });
  const specific = (name: string): number => (name === '*/*' ? 0 : name === family ? 1 : 2);
  return matching.reduce(
    (best, { name, quality }) =>
      specific(name) > best.rank || (specific(name) === best.rank && quality > best.quality)
        ? { rank: specific(name), quality }
        : best,
    { rank: -1, quality: 0 },
  ).quality;
}

function parseRanges(header: string): readonly Range[] {
  return header
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...rest] = part.split(';').map((piece) => piece.trim());
      const parameters = new Map(
        rest.map((piece): [string, string] => {
          const [key = '', value = ''] = piece.split('=', 2);
          return [key.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
        }),
      );
      const quality = Number(parameters.get('q') ?? 1);
      return { name: name.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 0 };
    });
}
