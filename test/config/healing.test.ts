import { describe, expect, it } from 'vitest';
import { parseConfiguredPeer } from '../../src/config/configured-peer.ts';
import { linesOf, load, minimal } from './loading.ts';

const peer = 'm1=http://10.0.0.1:2380 http://10.0.0.1:9379';

describe('a planned member', () => {
  it('has a name, a peer URL and the URL of its agent', () => {
    const value = { name: 'm1', peerUrl: 'http://10.0.0.1:2380', agentUrl: 'http://10.0.0.1:9379' };
    expect(parseConfiguredPeer(peer)).toEqual({ value });
  });

  it.each([
    ['m1', 'NAME=PEER_URL AGENT_URL'],
    ['m1=http://10.0.0.1:2380', 'NAME=PEER_URL AGENT_URL'],
    ['m1=10.0.0.1 http://10.0.0.1:9379', 'its peer URL is none'],
    ['m1=http://10.0.0.1:2380 nowhere', 'the URL of its agent is none'],
  ])('is refused as %s', (text, problem) => {
    expect(parseConfiguredPeer(text)).toMatchObject({ problem: expect.stringContaining(problem) });
  });
});

describe('healing and supervision', () => {
  const name = /name: (\S+)/.exec(minimal)?.[1] ?? '';
  const yaml = (more: string): string => `${minimal}${more}\n`;

  it('watch only unless somebody says how etcd is started', async () => {
    const { config } = await load({ yaml: minimal });
    expect(config.supervise.kind).toBe('none');
    expect(config.heal).toMatchObject({ mode: 'auto', replaceAfterMs: 300_000, maxPerDay: 3, quorumLoss: 'manual' });
    expect(config.heal.quarantine.keepMs).toBe(72 * 3_600_000);
  });

  it('remember beside the data dir who the member is', async () => {
    const { config } = await load({ yaml: minimal });
    expect(config.supervise.stateDir).toBe(`${config.member.dataDir}.caretaker`);
  });

  it.each([
    ['supervise: {kind: child}', 'it is child, but member.peerUrl is not set'],
    ['supervise: {kind: statefulset}', 'it is statefulset, but member.peerUrl is not set'],
    ['supervise: {kind: statefulset, statefulset: {pod: other-0}}', 'it is not what member.name says'],
    ['supervise: {child: {args: ["--initial-cluster=a=b"]}}', '--initial-cluster is for the agent to set'],
    ['supervise: {child: {args: ["--discovery-srv=x"]}}', '--discovery-srv is for the agent to set'],
    ['supervise: {child: {args: [verbose]}}', 'it is not --flag or --flag=value'],
    [`cluster: {peers: ["${peer}", "${peer}"]}`, 'a member is named twice'],
    [`cluster: {peers: ["other=http://10.0.0.1:2380 http://10.0.0.1:9379"]}`, `${name} is not among them`],
    ['heal: {quorumLoss: auto}', 'it is auto, but cluster.peers does not say who has to be heard'],
    ['heal: {replaceAfter: 10}', 'it has no unit'],
  ])('%s is refused', async (more, problem) => {
    expect((await linesOf({ yaml: yaml(more) })).join('\n')).toContain(problem);
  });
});
