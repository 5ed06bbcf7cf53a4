import * as z from 'zod';
import { configuredPeers } from '../configured-peer.ts';
import { duration, endpoints, integer, path, secretFile, size, text } from '../leaves.ts';

const minuteMs = 60_000;

function tlsSection(whose: string, withoutCa: string, description: string) {
  const serverName = 'Name that the server certificate must have, where it is not the host of the URL.';
  return z
    .strictObject({
      ca: path(
        `CA certificates (PEM) that ${whose} certificates are checked against. Left out: ${withoutCa}.`,
      ).exactOptional(),
      cert: path('Certificate (PEM) that the agent shows.').exactOptional(),
      key: secretFile('Private key (PEM) of that certificate.').exactOptional(),
      serverName: text(serverName, 'a host name', /^[A-Za-z0-9_*]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/).exactOptional(),
    })
    .meta({ description });
}

const clientSection = z
  .strictObject({
    dialTimeout: duration('How long a connection to a member may take.', 100, minuteMs).prefault('3s'),
    callTimeout: duration(
      'How long one call may take, unless the caller sets a nearer deadline.',
      100,
      10 * minuteMs,
    ).prefault('5s'),
    keepaliveTime: duration(
      'After this long without traffic the connection is tested. Etcd closes connections that are tested more often than its `--grpc-keepalive-min-time` (5s).',
      5000,
      60 * minuteMs,
    ).prefault('10s'),
    keepaliveTimeout: duration('How long the answer to such a test may take.', 100, 5 * minuteMs).prefault('3s'),
    readRetries: integer(
      'How often a failed read is tried again. Calls that change the cluster are never tried again.',
      0,
      10,
    ).prefault(2),
    maxMessageSize: size('Largest message that is accepted from a member.', 4 * 2 ** 20, 1024 * 2 ** 20).prefault(
      '64MiB',
    ),
  })
  .meta({ description: 'Settings of the connections to etcd.' })
  .transform(({ dialTimeout, callTimeout, keepaliveTime, keepaliveTimeout, readRetries, maxMessageSize }) => ({
    dialTimeoutMs: dialTimeout,
    callTimeoutMs: callTimeout,
    keepaliveTimeMs: keepaliveTime,
    keepaliveTimeoutMs: keepaliveTimeout,
    readRetries,
    maxMessageBytes: maxMessageSize,
  }));

const authSection = z
  .strictObject({
    username: text(
      'User of the agent, where password authentication is on.',
      '1 to 128 characters',
      /^[^\p{Cc}]{1,128}$/u,
    ).exactOptional(),
    passwordFile: secretFile(
      "File that holds the user's password; a line end at its end is ignored. Read again when it changes.",
    ).exactOptional(),
  })
  .meta({ description: 'Password authentication.' });

/** The cluster and the way to it. */
export const clusterSection = z
  .strictObject({
    name: text(
      'Name of the cluster, unique among those that you watch.',
      '1 to 64 letters, digits, dots, dashes or underscores',
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    ).prefault('etcd'),
    endpoints: endpoints(
      "Client URLs of all members. Left out: the member's own endpoint, and what the member list says.",
    ).exactOptional(),
    peers: configuredPeers(
      'The members of the cluster as planned, with the agents beside them: a new cluster begins with them, and by them the agents find each other without etcd.',
    ).prefault([]),
    token: text(
      'What tells clusters apart that were begun with the same peer URLs (`--initial-cluster-token`).',
      '1 to 128 characters',
      /^[^\p{Cc}\s]{1,128}$/u,
    ).prefault('etcd-cluster'),
    kubernetes: text(
      'Version of the Kubernetes whose API servers keep their objects here: etcd is not brought to a minor version that is too new for it. Left out: etcd serves something else, or it is for people to know.',
      'a version of Kubernetes, such as 1.31',
      /^v?1\.\d{1,3}(\.\d+)?$/,
    ).exactOptional(),
    keyPrefix: text(
      "Prefix of the agents' own keys in etcd.",
      'a path that begins and ends with /, such as /etcd-caretaker/',
      /^\/(?:[^/\p{Cc}\s]+\/)+$/u,
    ).prefault('/etcd-caretaker/'),
    tls: tlsSection(
      "the members'",
      'those of the system',
      'TLS to the client URLs. The files are read again when they change.',
    ).prefault({}),
    peerTls: tlsSection(
      "the members' peer",
      'they are not checked',
      'TLS to the peer URLs, which the agent only probes.',
    ).prefault({}),
    auth: authSection.prefault({}),
    client: clientSection.prefault({}),
  })
  .meta({ description: 'The cluster, and how the agent reaches it.' });
