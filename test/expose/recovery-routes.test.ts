import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../src/cluster/agent-error.ts';
import type { RecoveryPorts } from '../../src/expose/recovery-ports.ts';
import { PeerAgents } from '../../src/observe/peer-agent.ts';
import { ask, newToken, serve, temporaryFolder } from './support/server.ts';

const never = new AbortController().signal;
const bound = { revisions: 5n, seconds: 1, basis: 'as seen' };
const reasons = [{ code: 'NEWEST_LOG', message: 'm1 has it' }] as const;

/** What the routes were asked for, in order; the answers are made up. */
function ports(asked: unknown[]): RecoveryPorts {
  return {
    evidence: () => ({
      ...{ member: 'm1', quorum: 'lost', sightings: [{ atMs: 1, revision: 7n }] },
      own: {
        kind: 'child',
        process: { state: 'stopped' },
        dataDir: { state: 'empty' },
        bootstrapped: true,
        restarts: 0,
        quarantine: [],
      },
    }),
    plan: async (wish) => {
      asked.push(['plan', wish]);
      return { kind: 'seed-from-member', seed: 'm1', bound, reasons };
    },
    run: async (wish) => {
      asked.push(['run', wish]);
      return { planId: 'plan-0001' };
    },
    prepare: async (plan) => {
      asked.push(['prepare', plan]);
      throw new AgentError('RECOVERY_PROMISED', 'It has promised another plan.');
    },
    step: async (...step) => {
      asked.push(['step', ...step]);
    },
    abandon: async (planId) => {
      asked.push(['abandon', planId]);
    },
  };
}

describe('the routes of a recovery', () => {
  const served = async (asked: unknown[]) => {
    const tokenFile = join(await temporaryFolder(), 'token');
    const token = newToken();
    await writeFile(tokenFile, token);
    const server = await serve({ tokenFile, recovery: ports(asked) });
    const agents = new PeerAgents({ tls: {}, memberUrls: () => [], timeoutMs: 5000, token: async () => token });
    return { server, agents, url: `http://127.0.0.1:${server.address.port}` };
  };

  it('are what agents ask each other with their token', async () => {
    const asked: unknown[] = [];
    const { agents, url } = await served(asked);
    const post = (path: string, body: object): Promise<unknown> =>
      agents.post(url, `/api/v1/recovery/${path}`, JSON.stringify(body), never);
    expect(await agents.fetch(url, '/api/v1/recovery', never)).toMatchObject({ sightings: [{ revision: '7' }] });
    expect(await post('plan', { lost: ['m3'] })).toMatchObject({ bound: { revisions: '5' } });
    expect(await post('run', { toRevision: '12' })).toEqual({ planId: 'plan-0001' });
    expect(await post('step', { planId: 'plan-0001', step: 'stop' })).toEqual({});
    expect(await post('abandon', { planId: 'plan-0001' })).toEqual({});
    await expect(post('prepare', { id: 'plan-0002' })).rejects.toMatchObject({ code: 'RECOVERY_PROMISED' });
    await expect(post('step', { planId: 1 })).rejects.toMatchObject({ code: 'PEER_AGENT_UNREACHABLE' });
    expect(asked).toEqual([
      ['plan', { lost: ['m3'] }],
      ['run', { lost: [], goBack: { kind: 'revision', revision: 12n } }],
      ['step', 'plan-0001', 'stop'],
      ['abandon', 'plan-0001'],
      ['prepare', { id: 'plan-0002' }],
    ]);
  });

  it('change nothing without a token, and say it where the agent starts no member', async () => {
    const asked: unknown[] = [];
    const { url } = await served(asked);
    const nobody = new PeerAgents({ tls: {}, memberUrls: () => [], timeoutMs: 5000 });
    for (const path of ['run', 'prepare', 'step', 'abandon']) {
      await expect(nobody.post(url, `/api/v1/recovery/${path}`, '{}', never)).rejects.toMatchObject({
        message: expect.stringContaining('401'),
      });
    }
    expect(asked).toEqual([]);
    const { status, body } = await ask(await serve(), '/api/v1/recovery');
    expect([status, JSON.parse(body).code]).toEqual([503, 'RECOVERY_NOT_HERE']);
  });
});
