import type { RecoveryEvents } from '../../../src/agent/recover/standing.ts';

/** Nobody listens. */
export const silentEvents: RecoveryEvents = {
  onBegun: () => undefined,
  onEnded: () => undefined,
  onHeld: () => undefined,
  onHeldNoMore: () => undefined,
  onChange: () => undefined,
};
