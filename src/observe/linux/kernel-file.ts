import { readFile } from 'node:fs/promises';

/** Where the kernel shows itself. Other roots are for tests, and for a container that has the host's mounted elsewhere. */
export interface KernelRoots {
  /** Default `/proc`. */
  readonly procRoot?: string;
  /** Default `/sys`. */
  readonly sysRoot?: string;
}

/** Both roots, with the defaults filled in. */
export function kernelRoots({ procRoot = '/proc', sysRoot = '/sys' }: KernelRoots): Required<KernelRoots> {
  return { procRoot, sysRoot };
}

/**
 * A small file of /proc or /sys as text. Read by libuv's pool and not on the event loop: `cmdline` and `environ` wait
 * for the memory lock of their process, which a process that hangs on its disk may hold.
 */
export async function readKernelFile(path: string): Promise<string> {
  return await readFile(path, 'utf8');
}

/** The same, trimmed; undefined when it is not there or may not be read. */
export async function readIfPossible(path: string): Promise<string | undefined> {
  try {
    return (await readKernelFile(path)).trim();
  } catch {
    return undefined;
  }
}

/** The code of a system error (`ENOENT`), undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
