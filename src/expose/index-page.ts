import type { Observation } from '../cluster/observation.ts';
import { metricPrefix } from './registry.ts';

const links: readonly (readonly [path: string, what: string])[] = [
  ['/api/v1/status', 'the cluster in one view'],
  ['/api/v1/diagnosis', 'what is wrong, by its causes'],
  ['/api/v1/observation', 'everything that this agent sees'],
  ['/api/v1/keyspace', 'keys and bytes by prefix'],
  ['/api/v1/decisions', 'what each policy decided, and why'],
  ['/api/v1/operations', 'the operation under way, and those before'],
  ['/metrics', `metrics, ${metricPrefix}*`],
  ['/healthz', 'the process is alive'],
  ['/readyz', 'it observes its member'],
  ['/api/v1/openapi.json', 'the API'],
];

/** A page with the state of the own member and where to look. */
export function indexPage({ member, cluster, agentVersion, sections }: Observation): string {
  const summary = sections.member?.value?.summary ?? sections.member?.fault?.message ?? 'not observed yet';
  const items = links.map(([path, what]) => `<li><a href="${path}">${path}</a>: ${escapeHtml(what)}</li>`).join('\n');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${escapeHtml(member)} · etcd-caretaker</title>
<h1>${escapeHtml(member)} in ${escapeHtml(cluster)}</h1>
<p>${escapeHtml(summary)}</p>
<ul>
${items}
</ul>
<p>etcd-caretaker ${escapeHtml(agentVersion)}</p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
