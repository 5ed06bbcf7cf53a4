import { describe, expect, it } from 'vitest';
import { Spinner } from '../../src/cli/spinner.ts';

function drawn(isTTY: boolean, use: (spinner: Spinner, at: (ms: number) => void) => void): string {
  let text = '';
  let nowMs = 0;
  const out = {
    isTTY,
    columns: 40,
    write: (piece: string): boolean => {
      text += piece;
      return true;
    },
  };
  {
    using spinner = new Spinner('waiting for an answer', out, () => nowMs);
    use(spinner, (ms) => {
      nowMs = ms;
      spinner.turn();
    });
  }
  return text;
}

describe('what is shown while something is waited for', () => {
  it('is one line, with how long it has been, that is gone in the end', () => {
    const text = drawn(true, (_, at) => {
      at(600);
      at(3200);
    });
    expect(text).toBe('\r\x1b[2K⠋ waiting for an answer\r\x1b[2K⠙ waiting for an answer 3 s\r\x1b[2K');
  });

  it('is nothing at all where the answer comes soon, or where there is no terminal', () => {
    expect(drawn(true, (_, at) => at(300))).toBe('');
    expect(drawn(false, (_, at) => at(5000))).toBe('');
  });

  it('makes room for lines that stay', () => {
    const text = drawn(true, (spinner, at) => {
      at(600);
      spinner.say('a step');
    });
    expect(text).toBe('\r\x1b[2K⠋ waiting for an answer\r\x1b[2Ka step\n');
  });
});
