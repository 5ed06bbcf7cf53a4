/** A storage of the browser, which may forbid it, be full, or not have it: then what is kept in it is gone with the page. */
export interface Stored {
  get(): string | undefined;
  /** Undefined forgets it. */
  set(text: string | undefined): void;
}

/** A text under a key: of this tab (`sessionStorage`), or of all tabs of this agent (`localStorage`). Never throws. */
export function stored(kind: 'sessionStorage' | 'localStorage', key: string): Stored {
  let memory: string | undefined;
  return {
    get: () => {
      try {
        return globalThis[kind].getItem(key) ?? memory;
      } catch {
        return memory;
      }
    },
    set: (text) => {
      memory = text;
      try {
        if (text === undefined) globalThis[kind].removeItem(key);
        else globalThis[kind].setItem(key, text);
      } catch {
        // The memory has it.
      }
    },
  };
}
