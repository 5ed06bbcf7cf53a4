import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { faultOf } from '../../../cluster/agent-error.ts';
import type { Etcd3Clients } from '../../../etcd/etcd3-clients.ts';
import type { MemberClient } from '../../../etcd/member-client.ts';
import type { AuthReading, KeyPermission } from '../facts.ts';

/** Who the caretaker is to etcd. */
export interface AuthReadingOptions {
  readonly client: MemberClient;
  readonly username?: string;
  /** The client certificate: without a user name its common name is the user. */
  readonly certificateFile?: string;
  readonly signal: AbortSignal;
}

/** Refusals that only a server with authentication gives. */
const authenticated: ReadonlySet<string> = new Set([
  'ETCD_AUTH_REQUIRED',
  'ETCD_AUTH_FAILED',
  'ETCD_PERMISSION_DENIED',
]);

/** What etcd says of a user that it does not have: the certificate's name, where there is no password. */
const unknownUser = 'user name not found';

/** Whether etcd asks for users, and what ours may do. A user may always read its own roles. Rejects never. */
export async function readAuth(options: AuthReadingOptions): Promise<AuthReading> {
  const enabled = await isEnabled(options);
  if (enabled !== true) return enabled === undefined ? {} : { enabled };
  const user = await userOf(options);
  if (user === undefined) return { enabled };
  try {
    return { enabled, ...user, ...(await rolesOf(options, user.user)) };
  } catch (error) {
    const fault = faultOf(error);
    return { enabled, ...user, fault, ...(fault.message.includes(unknownUser) ? { isUnknown: true } : {}) };
  }
}

async function isEnabled({ client, username, signal }: AuthReadingOptions): Promise<boolean | undefined> {
  try {
    return (await client.authStatus(signal)).enabled;
  } catch (error) {
    const { code, message } = faultOf(error);
    if (authenticated.has(code) || message.includes(unknownUser)) return true;
    return code === 'ETCD_UNSUPPORTED' || code === 'ETCD_OLDER_MEMBERS'
      ? await isEnabledOn34(client, username, signal)
      : undefined;
  }
}

/** Etcd 3.4 has no AuthStatus, and beside it a newer one must not be asked; but it answers whoever logs in that there is nothing to log in to. */
async function isEnabledOn34(
  client: MemberClient,
  username: string | undefined,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  // A user with a password has just logged in, or else no call would have come back at all.
  const name = username === undefined ? 'etcd-caretaker-doctor' : `${username}-etcd-caretaker-doctor`;
  try {
    const { auth, withSignal } = await client.etcd3();
    await auth.authenticate({ name, password: 'none' }, withSignal(signal));
    return true;
  } catch (error) {
    const { code, message } = faultOf(error);
    if (message.includes('authentication is not enabled')) return false;
    return authenticated.has(code) ? true : undefined;
  }
}

async function userOf({
  username,
  certificateFile,
}: AuthReadingOptions): Promise<Required<Pick<AuthReading, 'user' | 'by'>> | undefined> {
  if (username !== undefined) return { user: username, by: 'password' };
  if (certificateFile === undefined) return undefined;
  const pem = await readFile(certificateFile).catch(() => undefined);
  const subject = pem === undefined ? '' : new X509Certificate(pem).subject;
  const name = /^CN=(.+)$/m.exec(subject)?.[1];
  return name === undefined ? undefined : { user: name, by: 'certificate' };
}

async function rolesOf(
  { client, signal }: AuthReadingOptions,
  user: string,
): Promise<Required<Pick<AuthReading, 'roles' | 'permissions'>>> {
  const { auth, withSignal } = await client.etcd3();
  const { roles } = await auth.userGet({ name: user }, withSignal(signal));
  if (roles.includes('root')) return { roles, permissions: [] };
  const permissions = await Promise.all(roles.map((role) => permissionsOf(auth, role, withSignal(signal))));
  return { roles, permissions: permissions.flat() };
}

async function permissionsOf(
  auth: Etcd3Clients['auth'],
  role: string,
  options: ReturnType<Etcd3Clients['withSignal']>,
): Promise<readonly KeyPermission[]> {
  const { perm } = await auth.roleGet({ role }, options);
  return perm.map(({ permType, key, range_end }) => {
    const access = permType === 'Read' ? 'read' : permType === 'Write' ? 'write' : 'readwrite';
    return { role, access, key, rangeEnd: range_end };
  });
}
