import type { KeyObject, X509Certificate } from 'node:crypto';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Finding } from '../../cluster/sections.ts';
import type { AuthoritiesAtStart } from './authorities-at-start.ts';
import { type CertificateFile, readCertificateFile, readKeyFile } from './certificate-files.ts';
import { type FoundCertificate, titleOf } from './describe.ts';
import type { FileUse } from './file-uses.ts';
import { purposeFindings } from './relation-findings.ts';

/** What the files of all uses hold, and what is wrong with single files. */
export interface ReadUses {
  readonly found: readonly FoundCertificate[];
  readonly findings: readonly Finding[];
}

/** A trust bundle of the system has some 150 certificates; nobody wants a metric for each. */
const mostPerFile = 50;

/** When etcd's process started, and what its CA files held then, as far as that is known. */
export interface EtcdStart {
  readonly startedAtMs: number;
  readonly authorities: AuthoritiesAtStart;
}

/**
 * Reads the files of all uses. One that cannot be read is a finding and hides no other.
 *
 * @param etcd its process, where that is known
 */
export async function readUses(uses: readonly FileUse[], etcd: EtcdStart | undefined): Promise<ReadUses> {
  const read = await Promise.all(uses.map((use) => readUse(use, etcd)));
  return { found: read.flatMap(({ found }) => found), findings: read.flatMap(({ findings }) => findings) };
}

async function readUse(use: FileUse, etcd: EtcdStart | undefined): Promise<ReadUses> {
  let file: CertificateFile;
  try {
    file = await readFirst(use.readPaths, readCertificateFile);
  } catch (error) {
    return { found: [], findings: [unreadable(use, use.path, error)] };
  }
  const isAuthority = use.role.endsWith('-ca');
  const certificates = isAuthority ? firstToExpire(file.certificates) : file.certificates;
  const found = certificates.map((certificate, index) => ({
    role: use.role,
    source: use.path,
    certificate,
    isLeaf: !isAuthority && index === 0,
  }));
  const [leaf] = file.certificates;
  return {
    found,
    findings: [
      ...(file.brokenBlocks === 0 ? [] : [broken(use.path, file.brokenBlocks)]),
      ...(leaf === undefined || isAuthority ? [] : purposeFindings(use.path, leaf, use.purposes)),
      ...(leaf === undefined || use.keyPaths.length === 0 ? [] : await keyFindings(use, leaf)),
      ...(isAuthority && etcd !== undefined && use.owner === 'etcd' ? sinceStart(use.path, file, etcd) : []),
    ],
  };
}

/** The first path that can be read; where none can, why the last one cannot: it is what a person configured. */
async function readFirst<T>(paths: readonly string[], read: (path: string) => Promise<T>): Promise<T> {
  const [path = '', ...others] = paths;
  try {
    return await read(path);
  } catch (error) {
    if (others.length === 0) {
      throw error;
    }
    return await readFirst(others, read);
  }
}

function firstToExpire(certificates: readonly X509Certificate[]): readonly X509Certificate[] {
  return certificates.length <= mostPerFile
    ? certificates
    : [...certificates].sort((a, b) => a.validToDate.getTime() - b.validToDate.getTime()).slice(0, mostPerFile);
}

async function keyFindings(use: FileUse, leaf: X509Certificate): Promise<readonly Finding[]> {
  const keyPath = use.keyPaths.at(-1) ?? '';
  let key: KeyObject;
  try {
    key = await readFirst(use.keyPaths, readKeyFile);
  } catch (error) {
    return use.agentNeedsKey ? [unreadable(use, keyPath, error)] : [];
  }
  return leaf.checkPrivateKey(key)
    ? []
    : [
        {
          code: 'CERT_KEY_MISMATCH',
          severity: 'critical',
          message: `The key ${keyPath} does not belong to the certificate ${titleOf(leaf)} (${use.path}).`,
          remedy: 'Install the certificate and the key that were issued together: with this pair no connection works.',
        },
      ];
}

function sinceStart(path: string, file: CertificateFile, { startedAtMs, authorities }: EtcdStart): readonly Finding[] {
  const found = authorities.look(path, file, startedAtMs);
  if (found === 'same') return [];
  const isOther = found === 'other';
  return [
    {
      code: isOther ? 'CERT_CA_NOT_RELOADED' : 'CERT_CA_WRITTEN_LATER',
      severity: 'warning',
      message: isOther
        ? `${path} holds other authorities than when etcd started, and etcd reads its CA files only when it starts.`
        : `${path} was written after etcd started, which reads its CA files only then; what it held before this agent has not seen.`,
      remedy: isOther
        ? 'The agents start the members again, one after the other, where they may (`etcd-caretaker explain restart`).'
        : 'If an authority was added or replaced, have the members started again before it is needed: `etcd-caretaker run restart`.',
    },
  ];
}

function broken(path: string, blocks: number): Finding {
  return {
    code: 'CERT_FILE_INVALID',
    severity: 'warning',
    message: `${path}: ${blocks} of its certificates cannot be parsed.`,
    remedy: 'Write the file anew; other programs may refuse the whole of it.',
  };
}

/** Without a file of its own the agent cannot connect, or not serve; one of etcd's it may only lack the right to read. */
function unreadable({ owner, agentNeedsKey }: FileUse, path: string, error: unknown): Finding {
  const { code, message, remedy } = faultOf(error);
  const severity = owner === 'agent' || agentNeedsKey ? 'critical' : 'warning';
  return { code, severity, message, remedy: remedy ?? `Look at ${path}.` };
}
