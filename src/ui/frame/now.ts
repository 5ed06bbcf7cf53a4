import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';

/** By how much the agent's clock is ahead of the browser's, ms. */
export const ClockContext = createContext(0);

const TICK_MS = 1000;

/** The agent's time in ms since 1970, anew every second. */
export function useNow(): number {
  const offset = useContext(ClockContext);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setNow(Date.now());
    }, TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now + offset;
}
