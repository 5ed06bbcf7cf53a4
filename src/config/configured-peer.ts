import * as z from 'zod';
import { parseEndpoint, parsePageUrl } from './address.ts';
import { leaf, reading } from './leaves.ts';
import type { Parsed } from './parsed.ts';

/** A member of the cluster as it is planned, and where the agent beside it answers. */
export interface ConfiguredPeer {
  readonly name: string;
  readonly peerUrl: string;
  readonly agentUrl: string;
}

const allowed =
  'a list of texts, each a member\'s name, "=", its peer URL, a space and the URL of the agent beside it, such as "m1=https://10.0.0.1:2380 https://10.0.0.1:9379"';

/** Reads `m1=https://10.0.0.1:2380 https://10.0.0.1:9379`. */
export function parseConfiguredPeer(text: string): Parsed<ConfiguredPeer> {
  const match = /^\s*([^=\s]{1,128})=(\S+)\s+(\S+)\s*$/.exec(text);
  if (match === null) return { problem: 'it is not NAME=PEER_URL AGENT_URL' };
  const [, name = '', peer = '', agent = ''] = match;
  const peerUrl = parseEndpoint(peer);
  if ('problem' in peerUrl) return { problem: `its peer URL is none: ${peerUrl.problem}` };
  const agentUrl = parsePageUrl(agent);
  if ('problem' in agentUrl) return { problem: `the URL of its agent is none: ${agentUrl.problem}` };
  return { value: { name, peerUrl: peerUrl.value, agentUrl: agentUrl.value } };
}

/** A list of planned members, which may be empty. */
export function configuredPeers(about: string) {
  return leaf(z.array(z.string().transform(reading(parseConfiguredPeer))), about, allowed, {
    form: 'list',
    wrongType: 'it is not a list of texts',
  });
}
