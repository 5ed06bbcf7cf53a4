import type { Cause } from '../../cluster/diagnosis.ts';
import type { PeerReading } from '../../cluster/sections.ts';
import { formatSpan } from '../../cluster/units.ts';
import type { Window } from './window.ts';

/** Etcd itself warns from here on. */
const offFromSeconds = 1;

/** A clock that is off: the own one, where all peers are apart from it in one way, else that of a peer. */
export function clockCauses(window: Window): readonly Cause[] {
  const { member, values } = window.newest;
  const peers = (values.peers?.peers ?? []).filter(({ clockSkewSeconds }) => clockSkewSeconds !== undefined);
  const off = peers.filter((each) => isOff(each) && wasOff(window, each));
  const signs = new Set(off.map(({ clockSkewSeconds = 0 }) => Math.sign(clockSkewSeconds)));
  const isOwn = off.length >= 2 && off.length === peers.length && signs.size === 1;
  return isOwn
    ? [
        cause(
          member,
          off.map((each) => text(each, member)),
          'certain',
        ),
      ]
    : // Of two clocks that differ nobody knows which is off.
      off.map((each) => cause(each.peer, [text(each, member)], peers.length > 1 ? 'certain' : 'possible'));
}

function isOff({ clockSkewSeconds = 0, clockSkewErrorSeconds = 0 }: PeerReading): boolean {
  return Math.abs(clockSkewSeconds) - clockSkewErrorSeconds >= offFromSeconds;
}

function wasOff(window: Window, { url }: PeerReading): boolean {
  return window.mostly(({ values }) => {
    const peer = values.peers?.peers.find((each) => each.url === url);
    return peer?.clockSkewSeconds === undefined ? undefined : isOff(peer);
  });
}

function text({ peer, clockSkewSeconds = 0, clockSkewErrorSeconds = 0 }: PeerReading, member: string): string {
  const way = clockSkewSeconds > 0 ? 'ahead of' : 'behind';
  const known = clockSkewErrorSeconds >= 0.1 ? ` (known to ${clockSkewErrorSeconds.toFixed(1)} s)` : '';
  const apart = Math.abs(clockSkewSeconds);
  return `the clock of ${peer} is ${apart < 60 ? `${apart.toFixed(1)} s` : formatSpan(apart)} ${way} that of ${member}${known}`;
}

function cause(member: string, evidence: readonly string[], confidence: Cause['confidence']): Cause {
  return {
    verdict: 'clock-off',
    member,
    confidence,
    evidence,
    firstStep: `See on ${member} whether its clock is being set (\`chronyc tracking\`, \`timedatectl\`): leases and certificates go by it.`,
  };
}
