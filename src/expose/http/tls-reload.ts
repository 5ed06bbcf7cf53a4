import type { Server } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { AgentError, faultOf } from '../../cluster/agent-error.ts';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './tls-files.ts';

export interface TlsFollowerOptions {
  readonly server: Server;
  readonly files: TlsFiles | undefined;
  /** What the server was started with. */
  readonly inUse: TlsMaterial | undefined;
  readonly everyMs: number;
  /** Told with undefined when changed files are in use, with the error when they cannot be; the same error once. */
  readonly onReload: (error: AgentError | undefined) => void;
}

/** Looks at the TLS files from time to time, so that a renewed certificate is served without a restart. */
export interface TlsFollower {
  /** Looks now. Never rejects. */
  readonly look: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Follows the TLS files of a server. While they cannot be used, as when the certificate is replaced and the key not yet,
 * what was read last stays in use.
 */
export function followTlsFiles({ server, files, inUse, everyMs, onReload }: TlsFollowerOptions): TlsFollower {
  if (files === undefined || !(server instanceof TlsServer)) {
    return { look: async () => undefined, stop: () => undefined };
  }
  let fingerprint = inUse?.fingerprint;
  let lastFailure: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const material = await readTlsFiles(files);
      const recovered = lastFailure !== undefined;
      lastFailure = undefined;
      if (material.fingerprint !== fingerprint) {
        server.setSecureContext(material.options);
        fingerprint = material.fingerprint;
        onReload(undefined);
      } else if (recovered) {
        onReload(undefined);
      }
    } catch (error) {
      const failure = error instanceof AgentError ? error : new AgentError('TLS_FILES_INVALID', faultOf(error).message);
      if (failure.message !== lastFailure) {
        lastFailure = failure.message;
        onReload(failure);
      }
    }
  };
  const timer = setInterval(() => void look(), everyMs);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}
