import type { Contradiction, Values } from '../contradictions.ts';
import { liesIn } from '../lies-in.ts';

/** Flags that begin or discover a cluster, or that the agent keeps in step with its own configuration. */
const OWN_FLAGS =
  /^--(initial-cluster|initial-cluster-state|initial-cluster-token|discovery[a-z-]*|force-new-cluster|name|data-dir|wal-dir|config-file)(=|$)/;

/** What of the keys of supervision and healing does not go together. */
export function* superviseContradictions(values: Values): Generator<Contradiction> {
  const kind = values.get('supervise.kind');
  if ((kind === 'child' || kind === 'statefulset') && !values.has('member.peerUrl')) {
    const hint = 'set member.peerUrl, as the other members reach it';
    yield { key: 'supervise.kind', message: `it is ${kind}, but member.peerUrl is not set`, hint };
  }
  const pod = values.get('supervise.statefulset.pod');
  if (kind === 'statefulset' && pod !== undefined && pod !== values.get('member.name')) {
    const hint = 'give the member the name of its pod';
    yield { key: 'supervise.statefulset.pod', message: 'it is not what member.name says', hint };
  }
  const peers = values.get('cluster.peers');
  if (values.get('heal.quorumLoss') === 'auto' && !(Array.isArray(peers) && peers.length > 0)) {
    const hint = 'name all members and their agents in cluster.peers, the same for every agent';
    yield { key: 'heal.quorumLoss', message: 'it is auto, but cluster.peers does not say who has to be heard', hint };
  }
  const args = values.get('supervise.child.args');
  const owns = Array.isArray(args) ? args.map(String).find((arg) => OWN_FLAGS.test(arg)) : undefined;
  if (owns !== undefined) {
    const message = `${owns.split('=')[0]} is for the agent to set`;
    const hint = 'leave it out: name, data dir and peers stand in member and cluster';
    yield { key: 'supervise.child.args', message, hint };
  }
  const stateDir = values.get('supervise.stateDir');
  for (const key of ['member.dataDir', 'member.walDir']) {
    const folder = values.get(key);
    if (typeof stateDir !== 'string' || typeof folder !== 'string' || !liesIn(stateDir, folder)) continue;
    const hint = 'choose a folder outside of it: data dirs are moved away';
    yield { key: 'supervise.stateDir', message: `it lies in ${key}`, hint };
    return;
  }
  yield* wrongPeers(values);
}

interface Named {
  readonly name: string;
  readonly peerUrl: string;
}

function* wrongPeers(values: Values): Generator<Contradiction> {
  const key = 'cluster.peers';
  const peers = values.get(key);
  if (!Array.isArray(peers) || peers.length === 0) return;
  const planned = peers as readonly Named[];
  if (new Set(planned.map(({ name }) => name)).size < planned.length) {
    yield { key, message: 'a member is named twice', hint: 'name each once' };
    return;
  }
  const own = planned.find(({ name }) => name === values.get('member.name'));
  // A pod that was added later is not one of those that the cluster begins with: it joins.
  if (own === undefined && values.get('supervise.kind') === 'statefulset') return;
  if (own === undefined) {
    const hint = 'name all members, this one too, with the same list for every agent';
    yield { key, message: `${String(values.get('member.name'))} is not among them`, hint };
    return;
  }
  const peerUrl = values.get('member.peerUrl');
  if (typeof peerUrl === 'string' && own.peerUrl !== peerUrl) {
    const hint = 'give the same URL in both';
    yield { key, message: `${own.name} has another peer URL there than in member.peerUrl`, hint };
  }
}
