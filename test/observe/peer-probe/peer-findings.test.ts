import { expect, test } from 'vitest';
import type { PeerReading } from '../../../src/cluster/sections.ts';
import { peerFindings } from '../../../src/observe/peer-probe/peer-findings.ts';

type Probe = PeerReading['probes'][number];

const latency = { edges: [1], counts: [7], sum: 0.1, count: 7 };
const measured = (probe: Probe['probe']): Probe => ({ probe, latency, failures: 0, lastSeconds: 0.01 });
const fault = { code: 'PEER_TIMEOUT', message: 'm2:2380: no answer within 900 ms.', remedy: 'Check the network.' };
const failing = (probe: Probe['probe']): Probe => ({ probe, latency, failures: 3, fault });
const peer = (...probes: Probe[]): PeerReading => ({ peer: 'm2', peerId: 'b', url: 'https://m2:2380', probes });

test('a peer whose probe fails is a finding with peer, probe, code and what to do', () => {
  expect(peerFindings([peer(measured('tcp'), failing('tls'))])).toEqual([
    {
      code: 'PEER_TIMEOUT',
      severity: 'warning',
      message: 'The TLS probe of m2 fails (3 of 10): m2:2380: no answer within 900 ms.',
      remedy: 'Check the network.',
    },
  ]);
});

test('of several probes that fail the lowest one is told, since it explains the others', () => {
  const findings = peerFindings([peer(failing('tcp'), failing('tls'), failing('http'))]);
  expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining('The TCP probe')]);
});

test('what the agent itself lacks is not said to be a failure of the peer, and a peer that answers has no finding', () => {
  const impossible: Probe = {
    ...failing('http'),
    fault: { code: 'PEER_CLIENT_CERT_REQUIRED', message: 'it asks for a certificate' },
    impossible: true,
  };
  expect(peerFindings([peer(measured('tcp'), measured('tls'), impossible)]).map(({ code }) => code)).toEqual([
    'PEER_CLIENT_CERT_REQUIRED',
  ]);
  const refused = { ...failing('http'), fault: { code: 'PEER_CLIENT_CERT_REFUSED', message: 'it refused' } };
  expect(peerFindings([peer(measured('tcp'), refused)]).map(({ code }) => code)).toEqual(['PEER_CLIENT_CERT_REFUSED']);
  expect(peerFindings([peer(measured('tcp'), measured('http'))])).toEqual([]);
});
