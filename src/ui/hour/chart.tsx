import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { themeEvent } from '../frame/theme.ts';
import { tooltip } from './tooltip.ts';
import { type SeriesLook, tickText } from './value-words.ts';

interface ChartProps {
  readonly look: SeriesLook;
  /** In the order of their colours. */
  readonly members: readonly string[];
  readonly data: uPlot.AlignedData;
  /** What it shows, in words. */
  readonly label: string;
}

const HEIGHT = 150;

/** Lines over the last hour, one for each member. Made once, and fed from then on. */
export function Chart({ look, members, data, label }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const newest = useRef(data);
  newest.current = data;
  const key = JSON.stringify(members);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(
      optionsOf(look, JSON.parse(key) as readonly string[], element.clientWidth),
      newest.current,
      element,
    );
    plot.current = made;
    const resize = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) {
        made.setSize({ width: element.clientWidth, height: HEIGHT });
      }
    });
    resize.observe(element);
    const repaint = (): void => made.redraw(false, true);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    window.addEventListener(themeEvent, repaint);
    dark.addEventListener('change', repaint);
    return () => {
      resize.disconnect();
      window.removeEventListener(themeEvent, repaint);
      dark.removeEventListener('change', repaint);
      made.destroy();
      plot.current = undefined;
    };
  }, [look, key]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div ref={place} class="chart-plot" role="img" aria-label={label} />;
}

function optionsOf(look: SeriesLook, members: readonly string[], width: number): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: () => colour('--ink-soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(width, 100),
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: 'last-hour' }, drag: { x: false, y: false }, points: { size: 6 } },
    plugins: [tooltip(look.text)],
    scales: { x: { time: true }, y: { range: (_, __, max) => [0, Math.max(look.atLeast, (max ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 4,
        space: 56,
        incrs: [60, 120, 300, 600, 900, 1200, 1800],
        values: (_, splits) => splits.map((at) => new Date(at * 1000).toISOString().slice(11, 16)),
      },
      {
        ...axis,
        size: 62,
        gap: 4,
        space: 28,
        ...(look.steps === undefined ? {} : { incrs: [...look.steps] }),
        values: (_, splits) => splits.map((value) => tickText(look.text(value))),
      },
    ],
    series: [
      {},
      ...members.map(
        (label, index): uPlot.Series => ({
          label,
          stroke: () => colour(`--member-${index % 8}`),
          width: 1.5,
          points: { show: false },
        }),
      ),
    ],
  };
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
