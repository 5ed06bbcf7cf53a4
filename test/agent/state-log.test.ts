import { describe, expect, it } from 'vitest';
import { StateLog } from '../../src/agent/state-log.ts';
import type { Observation } from '../../src/cluster/observation.ts';
import type { Finding } from '../../src/cluster/sections.ts';
import { emptyObservation } from '../../src/observe/runner.ts';

const none = emptyObservation({ member: 'm1', cluster: 'c', agentVersion: '0' });

function withFindings(findings: readonly Finding[]): Observation {
  const value = { certificates: [], findings };
  return { ...none, rounds: 1, sections: { certificates: { observedAtMs: 1, durationSeconds: 0, value } } };
}

const expired: Finding = { code: 'CERT_EXPIRED', severity: 'critical', message: 'expired', remedy: 'renew it' };

function harness(): { readonly lines: string[]; readonly log: StateLog; readonly clock: { ms: number } } {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const at =
    (level: string) =>
    (event: string, fields: Readonly<Record<string, unknown>> = {}): void => {
      lines.push(`${level} ${event} ${fields['code'] ?? ''}`);
    };
  const log = new StateLog({ info: at('info'), warn: at('warn'), error: at('error') }, () => clock.ms);
  return { lines, log, clock };
}

describe('the log of what changes in the cluster', () => {
  it('has one line when a finding appears and one when it is gone, however long it stays', () => {
    const { lines, log } = harness();
    for (const findings of [[], [expired], [expired], [expired], []]) {
      log.take(withFindings(findings));
    }
    expect(lines).toEqual(['warn finding CERT_EXPIRED', 'info finding gone CERT_EXPIRED']);
  });

  it('does not write a finding that comes and goes more than once in five minutes', () => {
    const { lines, log, clock } = harness();
    for (const findings of [[expired], [], [expired], []]) {
      log.take(withFindings(findings));
    }
    clock.ms = 400_000;
    log.take(withFindings([expired]));
    expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(2);
  });
});
