import { readFile, stat } from 'node:fs/promises';
import { faultOf } from '../cluster/agent-error.ts';
import type { Config, LoadedConfig } from '../config/config.ts';
import type { Problem } from '../config/config-error.ts';
import { readPassword } from '../etcd/credentials.ts';
import { openTokenFile } from '../expose/http/bearer-token.ts';
import { PemError, type PemFile, type PemFiles, secureContextOf } from '../pem/secure-context.ts';

/** The problem of one key's file, without where the key was set. */
type FileProblem = Pick<Problem, 'code' | 'message' | 'hint'> & { readonly key: string };

const readHint = 'correct the path, or let the user that the agent runs as read the file';

/** In words what a person can do something about; other codes stand for themselves. */
const readReasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'this user may not read it'],
  ['EPERM', 'this user may not read it'],
]);

/**
 * What is wrong with the files that the configuration names: those that cannot be read, hold something else, or do not
 * belong together. Their content is in no message. Rejects never.
 */
export async function fileProblems({ config, origins }: LoadedConfig): Promise<readonly Problem[]> {
  const { backup, cluster, expose } = config;
  const { cert, key, clientCa } = expose.tls;
  const found = await Promise.all([
    tlsProblems('cluster.tls', cluster.tls),
    tlsProblems('cluster.peerTls', cluster.peerTls),
    tlsProblems('expose.tls', { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) }),
    clientCa === undefined ? [] : tlsProblems('expose.tls', { ca: clientCa }, 'clientCa'),
    passwordProblems(cluster.auth),
    tokenProblems('expose.auth.tokenFile', expose.auth.tokenFile),
    tokenProblems('expose.auth.readTokenFile', expose.auth.readTokenFile),
    tlsProblems('backup.s3', backup.s3.ca === undefined ? {} : { ca: backup.s3.ca }),
    backupProblems(backup),
  ]);
  return found.flat().map((problem): Problem => {
    const origin = origins.get(problem.key);
    return origin === undefined ? problem : { ...problem, origin };
  });
}

type TlsPaths = { readonly [K in keyof PemFiles]?: string };

/** `caName`: the name of the key that names the CA. */
async function tlsProblems(section: string, paths: TlsPaths, caName = 'ca'): Promise<readonly FileProblem[]> {
  const keyOf = (file: keyof PemFiles): string => `${section}.${file === 'ca' ? caName : file}`;
  const read: { -readonly [K in keyof PemFiles]: PemFile } = {};
  const problems: FileProblem[] = [];
  for (const file of ['ca', 'cert', 'key'] as const) {
    const name = paths[file];
    if (name === undefined) continue;
    const problem = await unreadable(keyOf(file), name);
    if (problem === undefined) read[file] = { name, pem: await readFile(name) };
    else problems.push(problem);
  }
  const { ca, ...pair } = read;
  const isWhole = pair.cert !== undefined && pair.key !== undefined;
  return [
    ...problems,
    ...(ca === undefined ? [] : contentProblems(keyOf, { ca })),
    // A half cannot be compared; that the other one is missing is a problem already.
    ...(isWhole ? contentProblems(keyOf, pair) : []),
  ];
}

function contentProblems(keyOf: (file: keyof PemFiles) => string, files: PemFiles): readonly FileProblem[] {
  try {
    secureContextOf(files);
    return [];
  } catch (error) {
    if (!(error instanceof PemError)) throw error;
    return [{ code: 'FILE_INVALID', key: keyOf(error.file), message: error.message, hint: hintOf(error) }];
  }
}

async function passwordProblems({ passwordFile }: Config['cluster']['auth']): Promise<readonly FileProblem[]> {
  const key = 'cluster.auth.passwordFile';
  if (passwordFile === undefined) return [];
  return await problemsOfSecret(key, passwordFile, () => readPassword({ username: '', passwordFile }, ''), {
    message: `${passwordFile} holds no password: it is empty`,
    hint: 'write the password into it, and nothing else',
  });
}

async function tokenProblems(key: string, tokenFile: string | undefined): Promise<readonly FileProblem[]> {
  if (tokenFile === undefined) return [];
  return await problemsOfSecret(key, tokenFile, () => openTokenFile(tokenFile, () => undefined));
}

/** Those of the credentials and keys of backups that cannot be read; what is in them is the store's to judge. */
async function backupProblems({ s3, encryption }: Config['backup']): Promise<readonly FileProblem[]> {
  const files = {
    'backup.s3.accessKeyIdFile': s3.accessKeyIdFile,
    'backup.s3.secretAccessKeyFile': s3.secretAccessKeyFile,
    'backup.s3.sessionTokenFile': s3.sessionTokenFile,
    'backup.s3.sseCustomerKeyFile': s3.sseCustomerKeyFile,
    'backup.encryption.recipientsFile': encryption.recipientsFile,
    'backup.encryption.identityFile': encryption.identityFile,
  };
  const found = await Promise.all(
    Object.entries(files).map(async ([key, path]) => (path === undefined ? undefined : await unreadable(key, path))),
  );
  return found.filter((problem) => problem !== undefined);
}

async function problemsOfSecret(
  key: string,
  path: string,
  use: () => Promise<unknown>,
  words?: Pick<FileProblem, 'message' | 'hint'>,
): Promise<readonly FileProblem[]> {
  const problem = await unreadable(key, path);
  if (problem !== undefined) return [problem];
  try {
    await use();
    return [];
  } catch (error) {
    const { message, hint } = words ?? { message: faultOf(error).message.replace(/\.$/, ''), hint: hintOf(error) };
    return [{ code: 'FILE_INVALID', key, message, ...(hint === undefined ? {} : { hint }) }];
  }
}

/** Why a file cannot be read. What is no file, such as a pipe, is not opened: that could wait for ever. */
async function unreadable(key: string, path: string): Promise<FileProblem | undefined> {
  const problem = (reason: string): FileProblem => ({
    code: 'FILE_UNREADABLE',
    key,
    message: `${path} cannot be read: ${reason}`,
    hint: readHint,
  });
  try {
    if (!(await stat(path)).isFile()) return problem('it is not a file');
    await readFile(path);
    return undefined;
  } catch (error) {
    const { code } = faultOf(error);
    return problem(readReasons.get(code) ?? code);
  }
}

/** A remedy as the end of a line. */
function hintOf(error: unknown): string {
  const { remedy = '' } = faultOf(error);
  return `${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`.replace(/\.$/, '');
}
