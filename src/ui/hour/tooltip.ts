import type uPlot from 'uplot';

/** The values of all members at the time under the pointer. */
export function tooltip(text: (value: number) => string): uPlot.Plugin {
  const box = document.createElement('div');
  box.className = 'tooltip';
  box.hidden = true;
  return {
    hooks: {
      init: (plot) => {
        plot.over.append(box);
        plot.over.addEventListener('pointerleave', () => {
          box.hidden = true;
        });
      },
      setCursor: (plot) => {
        const { idx, left = -1 } = plot.cursor;
        // The cursor is on all charts at the same time, what it says only on one.
        box.hidden = idx === null || idx === undefined || left < 0 || !plot.over.matches(':hover');
        if (box.hidden || idx === null || idx === undefined) return;
        box.replaceChildren(...lines(plot, idx, text));
        const isRight = left > plot.over.clientWidth / 2;
        box.style.left = isRight ? 'auto' : `${left + 12}px`;
        box.style.right = isRight ? `${plot.over.clientWidth - left + 12}px` : 'auto';
      },
    },
  };
}

function lines(plot: uPlot, index: number, text: (value: number) => string): readonly HTMLElement[] {
  const at = plot.data[0][index];
  const time = document.createElement('div');
  time.textContent = at === undefined ? '' : `${new Date(at * 1000).toISOString().slice(11, 19)} UTC`;
  const values = plot.series.slice(1).map(({ label }, place) => {
    const value = plot.data[place + 1]?.[index];
    const line = document.createElement('div');
    const swatch = document.createElement('span');
    swatch.className = `swatch member-colour-${place % 8}`;
    const name = document.createElement('span');
    name.textContent = String(label);
    const number = document.createElement('span');
    number.className = 'tooltip-value';
    number.textContent = typeof value === 'number' ? text(value) : 'not known';
    line.append(swatch, name, number);
    return line;
  });
  return [time, ...values];
}
