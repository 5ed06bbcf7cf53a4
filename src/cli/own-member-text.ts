import type { AsJson } from '../expose/as-json.ts';
import type { Status } from '../expose/status.ts';
import { formatBytes } from './units.ts';

/** What a status says of the process and the data of its agent's member; empty where the agent only watches. */
export function ownMemberText({ own, agent }: AsJson<Status>): string {
  if (own === undefined) return '';
  const { process: etcd, boot, quarantine, dataDir } = own;
  const lines = [
    ...(etcd.state === 'running'
      ? [`etcd of ${agent.member} runs${pidText(etcd.pid)}, supervised as ${own.kind}`]
      : []),
    ...(etcd.state === 'stopped' ? [`etcd of ${agent.member} does not run${endText(etcd.end)}`] : []),
    ...(etcd.state === 'unknown' ? [`whether etcd of ${agent.member} runs is not known: ${etcd.reason}`] : []),
    ...(boot === undefined ? [] : [`${boot.action}: ${boot.reasons.map(({ message }) => message).join('; ')}`]),
    ...('problem' in dataDir && etcd.state !== 'running' ? [`data dir ${dataDir.state}: ${dataDir.problem}`] : []),
    ...quarantine.map(({ path, bytes }) => `in quarantine: ${path}, ${formatBytes(Number(bytes))}`),
  ];
  return `Member    ${lines.join('\n          ')}\n`;
}

function pidText(pid: number | '+Inf' | undefined): string {
  return pid === undefined ? '' : ` (pid ${pid})`;
}

function endText(end: { readonly how: string; readonly cause: string } | undefined): string {
  if (end?.how === 'unknown' && end.cause === 'unknown') return ': how it ended is not known';
  return end === undefined ? '' : `: it ended with ${end.how} (${end.cause})`;
}
