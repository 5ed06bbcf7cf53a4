import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { type Container, mountOf, type PodSpec } from '../pod.ts';

/** The configuration that an agent has with this file and environment; throws as the agent does. */
export async function configOf(agentYaml: string, env: NodeJS.ProcessEnv): Promise<Config> {
  const folder = mkdtempSync(join(tmpdir(), 'etcd-caretaker-chart-'));
  try {
    const file = join(folder, 'agent.yaml');
    writeFileSync(file, agentYaml);
    return (await loadConfig({ file, env })).config;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Folders that an agent with this configuration writes into. */
function writtenBy({ member, backup, expose, operate, supervise }: Config): readonly string[] {
  return [
    member.dataDir,
    ...(supervise.kind === 'none' ? [] : [supervise.stateDir]),
    ...(supervise.kind === 'static-pod' ? [dirname(supervise.staticPod.manifest)] : []),
    backup.lastGasp.dir,
    ...[backup.spool.dir, backup.drill.dir].filter((dir) => dir !== undefined),
    ...backup.store.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url)),
    dirname(expose.socket),
    dirname(operate.pauseFile),
    '/tmp',
  ];
}

/** Files that it reads, and that etcd reads by the flags that the agent gives it. */
function readBy({ cluster, backup, expose, supervise }: Config): readonly string[] {
  const { s3, encryption } = backup;
  const ofFlags = supervise.child.args.flatMap((arg) => [...arg.matchAll(/=(\/[^,]+)/g)].map(([, path]) => path));
  return [
    ...Object.values(cluster.tls),
    ...Object.values(cluster.peerTls),
    ...Object.values(expose.tls),
    ...[expose.auth.tokenFile, cluster.auth.passwordFile, s3.accessKeyIdFile, s3.secretAccessKeyFile],
    ...[encryption.recipientsFile, encryption.identityFile],
    ...ofFlags,
  ].filter((path) => path !== undefined);
}

/** Each of these folders is in a mount that can be written, and each of these files in one that cannot, with that file in its Secret. */
export function expectMounted(container: Container | undefined, volumes: PodSpec['volumes'], config: Config): void {
  for (const path of writtenBy(config)) {
    const mount = mountOf(container, path);
    expect(mount, `${path} can be written`).toBeDefined();
    expect(mount?.readOnly ?? false, `${path} can be written`).toBe(false);
  }
  for (const path of readBy(config)) {
    const mount = mountOf(container, path);
    const volume = volumes.find(({ name }) => name === mount?.name);
    expect(mount?.readOnly, `${path} is mounted, and cannot be written`).toBe(true);
    if (volume?.hostPath !== undefined) continue;
    const files = volume?.secret?.items?.map((item) => item.path) ?? ['ca.crt', 'tls.crt', 'tls.key', 'token'];
    expect(files.map((file) => join(mount?.mountPath ?? '', file))).toContain(path);
  }
}
