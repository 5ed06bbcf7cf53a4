import type { CSSProperties, JSX } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import type { PrefixTotals } from '../../cluster/sections.ts';
import { formatBytes, formatCount, formatPercent } from '../../cluster/units.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { type Tile, tilesOf } from './tiles.ts';

const HEIGHT = 300;

/** Below this no word fits into a tile, px. */
const WORD_WIDTH = 56;
const WORD_HEIGHT = 24;

/** Prefixes as areas. The one that the arrow keys, or the pointer, are at is said below in full. */
export function Treemap({ prefixes }: { readonly prefixes: readonly AsJson<PrefixTotals>[] }): JSX.Element {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
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
  const at = shown === undefined ? -1 : tiles.indexOf(shown);
  const walk = (event: KeyboardEvent): void => {
    const next = tiles[nextPlace(event.key, at, tiles.length)];
    if (next === undefined) return;
    event.preventDefault();
    setLooked(next.totals.prefix);
  };
  return (
    <>
      <div
        ref={place}
        class="treemap"
        role="listbox"
        tabIndex={0}
        aria-label="Prefixes by their bytes"
        aria-activedescendant={at === -1 ? undefined : `${id}-${at}`}
        style={{ height: `${HEIGHT}px` }}
        onKeyDown={walk}
      >
        {tiles.map((tile, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which option is the active one
          <div
            key={tile.totals.prefix}
            id={`${id}-${index}`}
            class="tile"
            role="option"
            aria-selected={tile === shown}
            style={placeOf(tile)}
            onPointerEnter={() => setLooked(tile.totals.prefix)}
          >
            <span class="visually-hidden">{words(tile, all)}</span>
            {tile.width < WORD_WIDTH || tile.height < WORD_HEIGHT ? undefined : (
              <span class="tile-name" aria-hidden="true">
                {tile.totals.prefix}
              </span>
            )}
            {tile.width < WORD_WIDTH || tile.height < 2 * WORD_HEIGHT ? undefined : (
              <span class="number" aria-hidden="true">
                {formatBytes(Number(tile.totals.bytes))}
              </span>
            )}
          </div>
        ))}
      </div>
      <p class="tile-words number" aria-hidden="true">
        {shown === undefined ? '' : words(shown, all)}
      </p>
    </>
  );
}

/** Where a key leads from one of so many tiles, which are in the order of their size; -1: nowhere. */
function nextPlace(key: string, at: number, count: number): number {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return Math.min(count - 1, at + 1);
    case 'ArrowLeft':
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return -1;
  }
}

function placeOf({ left, top, width, height, heat }: Tile): CSSProperties {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`, '--heat': `${heat}%` };
}

function words({ totals: { prefix, keys, bytes, writesPerSecond } }: Tile, all: number): string {
  return `${prefix}: ${formatCount(Number(keys))} keys, ${formatBytes(Number(bytes))} (${formatPercent(Number(bytes) / all)}), ${Number(writesPerSecond).toFixed(1)} writes per second`;
}
