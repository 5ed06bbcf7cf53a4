import { hostname, userInfo } from 'node:os';

/** Who asks, for the history: `ada@db1`. With sudo the person behind it. */
export function requester(env: NodeJS.ProcessEnv = process.env): string {
  return `${env['SUDO_USER'] ?? userName()}@${hostname()}`;
}

/** In a container the user may have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}
