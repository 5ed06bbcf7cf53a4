import type { Finding, PeerReading } from '../../cluster/sections.ts';

/** Etcd itself warns from here on ("the clock difference against peer … is too high"). */
const skewLimitSeconds = 1;

/** What keeps the agent from measuring, by the code of the fault that the probes end with. */
const obstacles: readonly (Omit<Finding, 'message'> & { readonly message: (peers: string) => string })[] = [
  {
    code: 'PEER_CLIENT_CERT_REQUIRED',
    severity: 'info',
    message: (peers) =>
      `The peer ports of ${peers} ask for a client certificate, and the agent has none for them: HTTP round trips and clock skew are not measured, TCP and TLS rarely.`,
    remedy: 'Give the agent a certificate that the peers accept, and its key (cluster.peerTls.cert and .key).',
  },
  {
    code: 'PEER_CLIENT_CERT_REFUSED',
    severity: 'warning',
    message: (peers) =>
      `The peer ports of ${peers} refuse the agent's certificate: HTTP round trips and clock skew are not measured, TCP and TLS rarely.`,
    remedy: 'Check that it is valid, for clients, and from a CA that etcd trusts for peers (cluster.peerTls.cert).',
  },
  {
    code: 'TLS_FILES',
    severity: 'warning',
    message: (peers) =>
      `The agent's own TLS files for peers cannot be used: TLS and HTTP round trips to ${peers} are not measured, TCP rarely.`,
    remedy: 'Make the files readable for the agent, and let the key belong to the certificate (cluster.peerTls).',
  },
];

/** What a person should know about the peers: each thing once, with the peers that it holds for. */
export function peerFindings(peers: readonly PeerReading[]): readonly Finding[] {
  return [
    ...obstacles.flatMap(({ message, ...finding }) => {
      const names = namesWithFault(peers, finding.code);
      return names === '' ? [] : [{ ...finding, message: message(names) }];
    }),
    ...peers.flatMap(failureFinding),
    ...peers.flatMap(skewFinding),
  ];
}

/** The lowest layer that fails: what lies above it cannot do better. */
function failureFinding({ peer, probes }: PeerReading): readonly Finding[] {
  const failing = probes.find(({ fault, impossible }) => fault !== undefined && impossible !== true);
  if (failing?.fault === undefined || obstacles.some(({ code }) => code === failing.fault?.code)) return [];
  const { probe, failures, latency, fault } = failing;
  const count = `${failures} of ${failures + latency.count}`;
  return [
    {
      code: fault.code,
      severity: 'warning',
      message: `The ${probe.toUpperCase()} probe of ${peer} fails (${count}): ${fault.message.replace(/\.$/, '')}.`,
      remedy: fault.remedy ?? 'Look at the peer port of that member and at the network between it and this machine.',
    },
  ];
}

function skewFinding({ peer, clockSkewSeconds = 0, clockSkewErrorSeconds = 0 }: PeerReading): readonly Finding[] {
  const apartSeconds = Math.abs(clockSkewSeconds);
  return apartSeconds - clockSkewErrorSeconds <= skewLimitSeconds
    ? []
    : [
        {
          code: 'CLOCK_SKEW',
          severity: 'warning',
          message: `The clock of ${peer} is ${apartSeconds.toFixed(1)} s ${clockSkewSeconds > 0 ? 'ahead of' : 'behind'} ours.`,
          remedy: 'Check time synchronisation (chrony, systemd-timesyncd) on both: certificates and leases need it.',
        },
      ];
}

function namesWithFault(peers: readonly PeerReading[], code: string): string {
  const affected = peers.filter(({ probes }) => probes.some(({ fault }) => fault?.code === code));
  return [...new Set(affected.map(({ peer }) => peer))].join(', ');
}
