import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DemoLayout, MemberLayout } from './layout.ts';

/** How the agents of the demo start their members. */
export interface DemoEtcd {
  /** Path of the etcd program. */
  readonly program: string;
  /** Backend quota; left out: etcd's own default. */
  readonly quotaBytes: number | undefined;
}

/** Writes the configuration of one agent of the demo; what `--set` says comes on top of it, as flags of the agent. */
export async function writeAgentConfig(layout: DemoLayout, member: MemberLayout, etcd: DemoEtcd): Promise<void> {
  const config = {
    member: { name: member.name, endpoint: member.endpoint, peerUrl: member.peerUrl, dataDir: member.dataDir },
    cluster: {
      name: 'demo',
      endpoints: layout.members.map(({ endpoint }) => endpoint),
      peers: layout.members.map(({ name, peerUrl, agentUrl }) => `${name}=${peerUrl} ${agentUrl}`),
      token: 'etcd-caretaker-demo',
    },
    supervise: {
      kind: 'child',
      stateDir: member.stateDir,
      child: {
        etcd: etcd.program,
        args: etcd.quotaBytes === undefined ? [] : [`--quota-backend-bytes=${etcd.quotaBytes}`],
        logFile: member.etcdLog,
      },
    },
    // A demo is looked at for minutes: the agents act at once, and wait for less than they should elsewhere.
    maintenance: {
      armAfter: '0s',
      defrag: { settle: '5s' },
      compaction: { keep: '1m', keepRevisions: 500 },
      nospace: { compactOlderThan: '10s' },
    },
    // An agent looks for the first time before its member can run.
    observe: { interval: '3s' },
    backup: { store: layout.store },
    // Not beside the socket, which for a long path is in a folder shared with other demos.
    operate: { pauseFile: join(member.folder, `${member.name}.pause`) },
    expose: {
      listen: `127.0.0.1:${member.ports[2]}`,
      socket: member.agentSocket,
      auth: { tokenFile: layout.tokenFile },
    },
  };
  await writeFile(member.agentConfig, stringify(config), { mode: 0o600 });
}
