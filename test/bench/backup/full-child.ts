import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptionFor } from '../../../src/backup/encryption.ts';
import { takeFull } from '../../../src/backup/full/take-full.ts';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';

/** What one full snapshot in a process of its own came to. */
export interface FullFigures {
  readonly seconds: number;
  /** How long etcd's read was open. */
  readonly readSeconds: number;
  readonly cpuSeconds: number;
  readonly plainBytes: number;
  readonly storedBytes: number;
  /** Resident memory in bytes, before and at most. */
  readonly residentBefore: number;
  readonly residentPeak: number;
}

const [endpoint = '', folder = '', encrypt = 'plain', bytesPerSecond = 'Infinity'] = process.argv.slice(2);
const client = new MemberClient({ member: 'bench', endpoint, callTimeoutMs: 60_000 });
const encryption =
  encrypt === 'age' ? await encryptionFor([await identityToRecipient(await generateX25519Identity())]) : undefined;
await client.status();
const residentBefore = process.memoryUsage.rss();
const startedMs = performance.now();
const { outcomes, readMs } = await takeFull({
  client,
  timeline: 'bench',
  clusterName: 'bench',
  epoch: 1n,
  destinations: [{ store: new LocalStore(folder) }],
  ...(encryption === undefined ? {} : { encryption }),
  bytesPerSecond: Number(bytesPerSecond),
  spool: { folder: `${folder}/spool`, maxBytes: 2 ** 40 },
});
const seconds = (performance.now() - startedMs) / 1000;
client.close();
const [outcome] = outcomes;
if (outcome === undefined || 'error' in outcome) throw new Error('it did not succeed');
const { user, system } = process.cpuUsage();
const figures: FullFigures = {
  seconds,
  readSeconds: readMs / 1000,
  cpuSeconds: (user + system) / 1e6,
  plainBytes: outcome.manifest.plain.bytes,
  storedBytes: outcome.manifest.stored.bytes,
  residentBefore,
  residentPeak: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify(figures));
