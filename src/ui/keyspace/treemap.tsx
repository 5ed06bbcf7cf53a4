import type { CSSProperties, JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { PrefixTotals } from '../../cluster/sections.ts';
import { formatBytes, formatCount, formatPercent } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { type Tile, tilesOf } from './tiles.ts';

const HEIGHT = 300;

/** Below this no word fits into a tile, px. */
const WORD_WIDTH = 56;
const WORD_HEIGHT = 24;

/** Prefixes as areas. The one that has the focus, or the pointer, is said below in full. */
export function Treemap({ prefixes }: { readonly prefixes: readonly AsJson<PrefixTotals>[] }): JSX.Element {
  const place = useRef<HTMLUListElement>(null);
  const [width, setWidth] = useState(0);
  const [looked, setLooked] = useState<string>();
  useEffect(() => {
    if (place.current === null) return;
    const element = place.current;
    const resize = new ResizeObserver(() => setWidth(element.clientWidth));
    resize.observe(element);
    return () => resize.disconnect();
  }, []);
  const tiles = useMemo(() => tilesOf(prefixes, width, HEIGHT), [prefixes, width]);
  const all = prefixes.reduce((sum, { bytes }) => sum + Number(bytes), 0);
  const shown = tiles.find(({ totals }) => totals.prefix === looked) ?? tiles[0];
  return (
    <>
      <ul ref={place} class="treemap" style={{ height: `${HEIGHT}px` }}>
        {tiles.map((tile) => (
          <li key={tile.totals.prefix} style={placeOf(tile)}>
            <button
              type="button"
              class="tile"
              onFocus={() => setLooked(tile.totals.prefix)}
              onPointerEnter={() => setLooked(tile.totals.prefix)}
              onClick={() => setLooked(tile.totals.prefix)}
            >
              <span class="visually-hidden">{words(tile, all)}</span>
              {tile.width < WORD_WIDTH || tile.height < WORD_HEIGHT ? undefined : (
                <>
                  <span class="tile-name" aria-hidden="true">
                    {tile.totals.prefix}
                  </span>
                  {tile.height < 2 * WORD_HEIGHT ? undefined : (
                    <span class="number" aria-hidden="true">
                      {formatBytes(Number(tile.totals.bytes))}
                    </span>
                  )}
                </>
              )}
            </button>
          </li>
        ))}
      </ul>
      <p class="tile-words number" aria-hidden="true">
        {shown === undefined ? '' : words(shown, all)}
      </p>
    </>
  );
}

function placeOf({ left, top, width, height, heat }: Tile): CSSProperties {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`, '--heat': `${heat}%` };
}

function words({ totals: { prefix, keys, bytes, writesPerSecond } }: Tile, all: number): string {
  return `${prefix}: ${formatCount(Number(keys))} keys, ${formatBytes(Number(bytes))} (${formatPercent(Number(bytes) / all)}), ${Number(writesPerSecond).toFixed(1)} writes per second`;
}
