import type { Finding, PeerReading } from '../../cluster/sections.ts';

/** Etcd itself warns from here on ("the clock difference against peer … is too high"). */
const skewLimitSeconds = 1;

/** What a person should know about the peers: each thing once, with the peers that it holds for. */
export function peerFindings(peers: readonly PeerReading[]): readonly Finding[] {
  const withFault = (code: string): string =>
    names(peers.filter(({ probes }) => probes.some(({ fault }) => fault?.code === code)));
  const findings: Finding[] = [];
  const refusing = withFault('PEER_CLIENT_CERT_REQUIRED');
  if (refusing !== '') {
    findings.push({
      code: 'PEER_CLIENT_CERT_REQUIRED',
      severity: 'info',
      message: `The peer ports of ${refusing} ask for a client certificate, and the agent has none for them: HTTP round trips and clock skew are not measured, TCP and TLS rarely.`,
      remedy: 'Give the agent a certificate that the peers accept, and its key (cluster.peerTls.cert and .key).',
    });
  }
  const lacking = withFault('TLS_FILES');
  if (lacking !== '') {
    findings.push({
      code: 'TLS_FILES',
      severity: 'warning',
      message: `The agent's own TLS files for peers cannot be used: TLS and HTTP to ${lacking} are not measured.`,
      remedy: 'Make the files readable for the agent, and let the key belong to the certificate.',
    });
  }
  for (const { peer, clockSkewSeconds = 0, clockSkewErrorSeconds = 0 } of peers) {
    if (Math.abs(clockSkewSeconds) - clockSkewErrorSeconds > skewLimitSeconds) {
      findings.push({
        code: 'CLOCK_SKEW',
        severity: 'warning',
        message: `The clock of ${peer} is ${Math.abs(clockSkewSeconds).toFixed(1)} s ${clockSkewSeconds > 0 ? 'ahead of' : 'behind'} ours.`,
        remedy:
          'Check time synchronisation (chrony, systemd-timesyncd) on both machines: certificates and leases need it.',
      });
    }
  }
  return findings;
}

function names(peers: readonly PeerReading[]): string {
  return [...new Set(peers.map(({ peer }) => peer))].join(', ');
}
