import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { DemoLayout } from './layout.ts';

/** One member in `demo.json`; a process that does not run just now has the id null. When the demo is killed, its watchdog sees to that. */
export interface DemoFileMember {
  readonly name: string;
  readonly endpoint: string;
  readonly peerUrl: string;
  readonly dataDir: string;
  readonly agentUrl: string;
  readonly etcdPid: number | null;
  readonly agentPid: number | null;
}

/** What `demo.json` says. It holds the API token, so that only its owner may read it. */
export interface DemoFile {
  readonly members: readonly DemoFileMember[];
  /** URL of the backup store. */
  readonly store: string;
  /** API token of all agents. */
  readonly token: string;
}

/** Ids of the processes of a member, by its name. */
export type ProcessIds = (name: string) => { readonly etcdPid: number | null; readonly agentPid: number | null };

/** Writes `demo.json` in one step: whoever reads it finds either the old or the new one, whole. */
export function writeDemoFile(layout: DemoLayout, token: string, processIds: ProcessIds): void {
  const content: DemoFile = {
    members: layout.members.map(({ name, endpoint, peerUrl, dataDir, agentUrl }) => ({
      ...{ name, endpoint, peerUrl, dataDir, agentUrl },
      ...processIds(name),
    })),
    store: layout.store,
    token,
  };
  writeWhole(layout.demoFile, content);
}

/**
 * Gives every process id in a `demo.json` of which no process is left the value null, as the demo itself does when it ends.
 * Gives how many are left. Does nothing where the file is gone or is of another kind.
 */
export function forgetEnded(demoFile: string, isAlive: (pid: number) => boolean): number {
  let content: Partial<DemoFile>;
  try {
    content = JSON.parse(readFileSync(demoFile, 'utf8')) as Partial<DemoFile>;
  } catch {
    return 0;
  }
  const { members } = content;
  if (!Array.isArray(members)) return 0;
  const still = (pid: number | null): number | null => (pid !== null && isAlive(pid) ? pid : null);
  const left = members.map((member) => ({
    ...member,
    etcdPid: still(member.etcdPid),
    agentPid: still(member.agentPid),
  }));
  writeWhole(demoFile, { ...content, members: left });
  return left.flatMap(({ etcdPid, agentPid }) => [etcdPid, agentPid]).filter((pid) => pid !== null).length;
}

function writeWhole(demoFile: string, content: object): void {
  const draft = `${demoFile}.new`;
  writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, demoFile);
}

/** The client URLs that the demo in this file had; undefined where there is no such file, or it is of another kind. */
export async function endpointsOfEarlierDemo(demoFile: string): Promise<string[] | undefined> {
  const text = await readFile(demoFile, 'utf8').catch(() => undefined);
  if (text === undefined) {
    return undefined;
  }
  try {
    const { members } = JSON.parse(text) as Partial<DemoFile>;
    return members?.map(({ endpoint }) => endpoint);
  } catch {
    return undefined;
  }
}
