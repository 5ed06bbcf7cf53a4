import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AgentError } from '../cluster/agent-error.ts';
import { type DemoEtcd, writeAgentConfig } from './agent-config.ts';
import { endpointsOfEarlierDemo } from './demo-file.ts';
import { type DemoLayout, layOut } from './layout.ts';
import type { DemoOptions } from './options.ts';

/** A demo's folder with everything in it that its processes need. */
export interface PreparedFolder {
  readonly layout: DemoLayout;
  /** The API token of the agents. */
  readonly token: string;
  /** Set when the folder is ours to remove at the end. */
  readonly temporary: string | undefined;
}

/**
 * Makes the folder, a fresh token and the agents' configurations. A folder that an earlier demo has left is taken up
 * again, data and all. Throws `USAGE` when its members had other addresses: etcd keeps those in its data.
 */
export async function prepareFolder(options: DemoOptions, etcd: DemoEtcd): Promise<PreparedFolder> {
  const temporary = options.folder === undefined ? await mkdtemp(join(tmpdir(), 'etcd-caretaker-demo-')) : undefined;
  const layout = layOut(resolve(temporary ?? options.folder ?? ''), options);
  try {
    await checkEarlierDemo(layout);
    const token = randomBytes(32).toString('base64url');
    await mkdir(layout.folder, { recursive: true, mode: 0o700 });
    await writeFile(layout.tokenFile, `${token}\n`, { mode: 0o600 });
    for (const member of layout.members) {
      await mkdir(member.folder, { recursive: true, mode: 0o700 });
      await writeAgentConfig(layout, member, etcd);
    }
    return { layout, token, temporary };
  } catch (error) {
    if (temporary !== undefined) {
      await rm(temporary, { recursive: true, force: true });
    }
    throw error;
  }
}

async function checkEarlierDemo(layout: DemoLayout): Promise<void> {
  const earlier = await endpointsOfEarlierDemo(layout.demoFile);
  const wanted = layout.members.map(({ endpoint }) => endpoint);
  if (earlier !== undefined && earlier.join() !== wanted.join()) {
    throw new AgentError('USAGE', `${layout.folder} holds a demo whose members were at ${earlier.join(', ')}`, {
      remedy: 'give the same --members and --base-port as then, or another --dir',
    });
  }
}
