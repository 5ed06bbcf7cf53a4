import { extname } from 'node:path';
import type { DemoLayout } from './layout.ts';
import { defaultBasePort } from './options.ts';

/** How the program is called here: in a checkout through npm, else by its own name. */
const program = extname(import.meta.filename) === '.ts' ? 'npm run -s cli --' : 'etcd-caretaker';

/** What the demo prints when everything runs: where things are, and what to try. */
export function welcome(
  layout: DemoLayout,
  etcdPidOf: (member: string) => number | undefined,
  notReady: readonly string[],
  ending: string,
): string {
  const [first] = layout.members;
  const last = layout.members.at(-1);
  const isDefault = first?.ports[0] === defaultBasePort;
  const agentFlag = isDefault || first === undefined ? '' : ` --agent ${first.agentUrl}`;
  const rows = layout.members.map(({ name, endpoint, agentUrl }) => {
    const state = notReady.includes(name) ? '   (agent not ready yet, see its log)' : '';
    return `  ${name}   etcd ${endpoint} (pid ${etcdPidOf(name) ?? '-'})   agent ${agentUrl}${state}`;
  });
  return [
    layout.members.length === 1
      ? 'One etcd member, an agent beside it, and a light load of writes:'
      : `${layout.members.length} etcd members, an agent beside each, and a light load of writes:`,
    '',
    ...rows,
    '',
    `  data, configuration and logs   ${layout.folder}`,
    `  processes and the API token    ${layout.demoFile}`,
    `  status page, the same at each  ${first?.agentUrl ?? ''}/   (log in there with the API token)`,
    '',
    'Try:',
    `  ${program} status${agentFlag}`,
    `  ${program} top --dir ${word(layout.folder)}`,
    // One agent has the totals, and which one is not known before: it finds all of them in the folder.
    `  ${program} keyspace --dir ${word(layout.folder)}`,
    `  ${program} doctor --config ${word(first?.agentConfig ?? 'agent.yaml')}`,
    `  ${program} explain --dir ${word(layout.folder)}`,
    `  ${program} run defrag --dir ${word(layout.folder)}`,
    `  curl -s ${first?.agentUrl ?? ''}/metrics | grep -E 'member_healthy|wal_fsync|quota'`,
    `  kill -9 ${etcdPidOf(last?.name ?? '') ?? 'PID'}   # ${last?.name ?? 'the member'} ends, and its agent starts it again`,
    '',
    ending,
    '',
  ].join('\n');
}

/** A path as a shell takes it for one word. */
function word(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
