import * as z from 'zod';
import { choice, endpoint, pageUrl, path, text } from '../leaves.ts';

/** The member that the agent stands beside. */
export const memberSection = z
  .strictObject({
    name: text(
      'Name of the member, as etcd has it (`--name`).',
      '1 to 128 characters, no space at either end',
      /^(?!\s)[^\p{Cc}]{1,128}(?<!\s)$/u,
    ),
    endpoint: endpoint("The member's own client URL. Give its own address, not that of a load balancer.").prefault(
      'http://127.0.0.1:2379',
    ),
    peerUrl: endpoint(
      "The member's own peer URL, as the others reach it (`--initial-advertise-peer-urls`). Needed where the agent starts etcd; one that has changed is made known to the cluster.",
    ).exactOptional(),
    dataDir: path("The member's data directory (`--data-dir`)."),
    walDir: path(
      "The member's WAL directory (`--wal-dir`). Left out: `member/wal` in the data directory.",
    ).exactOptional(),
    metricsUrl: pageUrl(
      "The member's metrics page (`--listen-metrics-urls`). Left out: `/metrics` at the endpoint.",
    ).exactOptional(),
    role: choice('What the member is there for. `arbiter`: it is never given the raft leadership.', [
      'default',
      'arbiter',
    ]).prefault('default'),
  })
  .meta({ description: 'The member that this agent stands beside.' });
