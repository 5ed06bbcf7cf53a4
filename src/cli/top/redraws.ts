/** Draws soon after it is asked to, and never twice within the time that it is told. */
export class Redraws implements Disposable {
  readonly #draw: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** Asks for a redraw, at least `gapMs` after the last one. */
  request(gapMs: number): void {
    const dueMs = this.#drawnMs + gapMs;
    if (dueMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(
      () => {
        this.#dueMs = Number.POSITIVE_INFINITY;
        this.#drawnMs = performance.now();
        this.#draw();
      },
      Math.max(0, dueMs - performance.now()),
    );
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }
}
