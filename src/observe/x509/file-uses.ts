import { isAbsolute } from 'node:path';
import type { CertificateRole, ProcessSection } from '../../cluster/sections.ts';
import type { TlsFiles } from '../tls-credentials.ts';

/** What a certificate has to be good for (extended key usage). */
export type KeyPurpose = 'server' | 'client';

/** A certificate file and what it is used for. */
export interface FileUse {
  readonly role: CertificateRole;
  /** As configured; what a person knows it by. */
  readonly path: string;
  /** Where the agent reads it: the same, but for a process that sees other files than the agent. */
  readonly readPaths: readonly string[];
  /** Where the key is read, as `readPaths`; empty where there is none to be compared. */
  readonly keyPaths: readonly string[];
  /** The agent shows this certificate itself, so a key that it cannot read is a finding. */
  readonly agentNeedsKey: boolean;
  readonly owner: 'agent' | 'etcd';
  readonly purposes: readonly KeyPurpose[];
}

/** What is known of etcd's process: its settings by flag name (`cert-file`), and when it started. */
export type EtcdProcess = Pick<ProcessSection, 'pid' | 'startedAtMs' | 'settings'>;

/** Files of the agent's own TLS settings. */
export function agentFileUses(
  files: TlsFiles | undefined,
  role: 'client' | 'peer' | 'agent',
  purposes: readonly KeyPurpose[],
): readonly FileUse[] {
  const { ca, cert, key } = files ?? {};
  return [
    ...(ca === undefined ? [] : [agentFile(`${role}-ca`, ca)]),
    ...(cert === undefined
      ? []
      : [{ ...agentFile(role, cert), purposes, agentNeedsKey: true, keyPaths: key === undefined ? [] : [key] }]),
  ];
}

function agentFile(role: CertificateRole, path: string): FileUse {
  return { role, path, readPaths: [path], keyPaths: [], agentNeedsKey: false, owner: 'agent', purposes: [] };
}

/**
 * Flags of etcd that name certificates. A peer certificate is shown by both sides of a connection between members; the
 * server certificate also by etcd's own gateway when it calls itself, but only a warning in its log comes of that. The
 * last two (etcd >= 3.5) take the client side from them.
 */
const etcdFlags: readonly {
  readonly role: CertificateRole;
  readonly flag: string;
  readonly keyFlag?: string;
  readonly purposes: readonly KeyPurpose[];
}[] = [
  { role: 'server', flag: 'cert-file', keyFlag: 'key-file', purposes: ['server'] },
  { role: 'server-ca', flag: 'trusted-ca-file', purposes: [] },
  { role: 'peer', flag: 'peer-cert-file', keyFlag: 'peer-key-file', purposes: ['server', 'client'] },
  { role: 'peer-ca', flag: 'peer-trusted-ca-file', purposes: [] },
  { role: 'server', flag: 'client-cert-file', keyFlag: 'client-key-file', purposes: ['client'] },
  { role: 'peer', flag: 'peer-client-cert-file', keyFlag: 'peer-client-key-file', purposes: ['client'] },
];

/**
 * Files that etcd's own settings name. A relative path is relative to etcd's folder, and an absolute one is what etcd
 * sees, perhaps in a container: both are read through `/proc/PID` where the path itself is not there.
 */
export function etcdFileUses(etcd: EtcdProcess | undefined): readonly FileUse[] {
  if (etcd === undefined) {
    return [];
  }
  const { pid, settings } = etcd;
  return etcdFlags.flatMap(({ role, flag, keyFlag = '', purposes }): readonly FileUse[] => {
    const path = settings[flag] ?? '';
    if (path === '') {
      return [];
    }
    // A separate certificate for the client side (etcd >= 3.5) takes that purpose from the peer certificate.
    const onlyServer = flag === 'peer-cert-file' && (settings['peer-client-cert-file'] ?? '') !== '';
    return [
      {
        role,
        path,
        readPaths: seenFromHere(path, pid),
        keyPaths: seenFromHere(settings[keyFlag] ?? '', pid),
        agentNeedsKey: false,
        owner: 'etcd',
        purposes: onlyServer ? ['server'] : purposes,
      },
    ];
  });
}

function seenFromHere(path: string, pid: number): readonly string[] {
  if (path === '') {
    return [];
  }
  return isAbsolute(path) ? [`/proc/${pid}/root${path}`, path] : [`/proc/${pid}/cwd/${path}`];
}

/**
 * Each role and path once: the agent often has the same files as etcd. Of two, etcd's says more; the agent's need for
 * the key is kept.
 */
export function distinctUses(uses: readonly FileUse[]): readonly FileUse[] {
  const byRoleAndPath = new Map<string, FileUse>();
  for (const use of uses) {
    const key = `${use.role} ${use.path}`;
    const earlier = byRoleAndPath.get(key);
    byRoleAndPath.set(
      key,
      earlier === undefined || !use.agentNeedsKey
        ? (earlier ?? use)
        : { ...earlier, agentNeedsKey: true, keyPaths: use.keyPaths },
    );
  }
  return [...byRoleAndPath.values()];
}
