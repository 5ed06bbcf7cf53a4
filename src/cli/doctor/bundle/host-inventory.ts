import { setTimeout as sleep } from 'node:timers/promises';
import { faultOf } from '../../../cluster/agent-error.ts';

/** How long one part of the inventory may take: some of them start programs. */
const partMs = 10_000;

/** Names of properties that tell one machine from all others and help nobody. */
const identifying = /^(serial|serialnum|uuid|mac|hardware|os)$/i;

/**
 * What `systeminformation` says of the machine. It starts about 25 processes, which is nothing for an agent's loop and
 * fine for an archive. A part that fails says so. Rejects never.
 */
export async function hostInventory(): Promise<Readonly<Record<string, unknown>>> {
  const { default: si } = await import('systeminformation');
  const parts: Readonly<Record<string, () => Promise<unknown>>> = {
    osInfo: () => si.osInfo(),
    system: () => si.system(),
    cpu: () => si.cpu(),
    load: () => si.currentLoad().then(({ cpus: _each, ...total }) => total),
    memory: () => si.mem(),
    disks: () => si.diskLayout(),
    blockDevices: () => si.blockDevices(),
    fileSystems: () => si.fsSize(),
    networkInterfaces: () => si.networkInterfaces(),
  };
  const entries = await Promise.all(
    Object.entries(parts).map(async ([name, read]) => [name, await attempt(read)] as const),
  );
  return Object.fromEntries(entries);
}

async function attempt(read: () => Promise<unknown>): Promise<unknown> {
  const patience = new AbortController();
  try {
    const late = sleep(partMs, undefined, { signal: patience.signal }).then(() => {
      throw new Error(`no answer within ${partMs / 1000} s`);
    });
    return withoutIdentity(await Promise.race([read(), late]));
  } catch (error) {
    return { fault: faultOf(error).message };
  } finally {
    patience.abort();
  }
}

/** The same without serial numbers and hardware addresses. */
function withoutIdentity(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIdentity);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => !identifying.test(name) || (typeof inner === 'object' && inner !== null))
      .map(([name, inner]) => [name, withoutIdentity(inner)]),
  );
}
