import * as z from 'zod';
import { listenAddress, pageUrl, path, secretFile, socketPath } from '../leaves.ts';

const tlsSection = z
  .strictObject({
    cert: path("The agent's server certificate (PEM), with what leads to its CA.").exactOptional(),
    key: secretFile('Private key (PEM) of that certificate.').exactOptional(),
    clientCa: path(
      'CA certificates (PEM): whoever shows a certificate of theirs needs no token. Other agents are checked against them too.',
    ).exactOptional(),
  })
  .meta({ description: 'TLS of the HTTP server. The files are read again when they change.' });

const authSection = z
  .strictObject({
    tokenFile: secretFile(
      'File that holds the bearer token; a line end at its end is ignored. Read again when it changes.',
    ).exactOptional(),
    readTokenFile: secretFile(
      'File that holds another token, good for reading alone: metrics, status, observations, decisions. For Prometheus.',
    ).exactOptional(),
  })
  .meta({ description: 'Authentication besides client certificates.' });

/** Metrics, health and API. */
export const exposeSection = z
  .strictObject({
    listen: listenAddress(
      'Where the HTTP server listens. Anything but loopback needs `expose.tls` and a token or client certificates.',
    ).prefault('127.0.0.1:9379'),
    socket: socketPath(
      'Unix socket on which the same is served, so that it answers when certificates have expired. Left out: `NAME.sock` in the runtime directory.',
    ).exactOptional(),
    advertise: pageUrl(
      'URL at which others reach this agent. Left out: derived from where it listens.',
    ).exactOptional(),
    tls: tlsSection.prefault({}),
    auth: authSection.prefault({}),
  })
  .meta({ description: 'Metrics, health and API.' });
