import { faultOf } from '../../../cluster/agent-error.ts';
import { displayName } from '../../../cluster/cluster-replies.ts';
import type { Config } from '../../../config/config.ts';
import { openPage } from '../../../etcd/metrics-request.ts';
import type { Facts } from '../facts.ts';
import type { BundleFile } from './archive.ts';

const pageMs = 5000;
const largestPageBytes = 16 * 1024 * 1024;

/** Every member's own metrics page, as it is; or why there is none. Rejects never. */
export function etcdPages(config: Config, facts: Facts, signal: AbortSignal): Promise<readonly BundleFile[]> {
  const members = facts.observation.sections.cluster?.value?.members ?? [];
  const ownId = facts.observation.sections.member?.value?.status.memberId;
  const others = members
    .filter(({ id, clientUrls }) => id !== ownId && clientUrls.length > 0)
    .map((member) => ({ name: displayName(member), url: `${member.clientUrls[0]}/metrics` }));
  const own = { name: config.member.name, url: config.member.metricsUrl };
  return Promise.all(
    [own, ...others].map(async ({ name, url }): Promise<BundleFile> => {
      const path = `etcd-metrics/${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`;
      try {
        return { path: `${path}.prom`, text: await readPage(url, config, name, signal) };
      } catch (error) {
        return { path: `${path}.error.txt`, text: `${url}: ${faultOf(error).message}\n` };
      }
    }),
  );
}

async function readPage(url: string, { cluster }: Config, member: string, signal: AbortSignal): Promise<string> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(pageMs)]);
  const response = await openPage(new URL(url), cluster.tls, member, patience);
  response.setEncoding('utf8');
  let text = '';
  for await (const piece of response) {
    text += String(piece);
    if (text.length > largestPageBytes) throw new Error(`the page is larger than ${largestPageBytes} bytes`);
  }
  if (response.statusCode !== 200) throw new Error(`the answer is ${response.statusCode}`);
  return text;
}
