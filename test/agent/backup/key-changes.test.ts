import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readCatalogue } from '../../../src/backup/chain/catalogue.ts';
import { chainsOf } from '../../../src/backup/chain.ts';
import { MANIFEST_READ_BYTES } from '../../../src/backup/delta/manifest-frames.ts';
import { readSegmentManifest } from '../../../src/backup/delta/segment.ts';
import { keyIdOf } from '../../../src/backup/encryption.ts';
import { choosePlace, findPlaces } from '../../../src/backup/places.ts';
import { openStore } from '../../../src/backup/store/open-store.ts';
import { storeAt } from '../../../src/backup/store/place.ts';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { type RealCluster, startCluster } from '../../real/cluster.ts';
import { patience } from '../caretaker/acting-agents.ts';
import { type Keeping, keeping } from './keeping.ts';

describe('keys of encrypted backups', () => {
  let cluster: RealCluster;
  let client: MemberClient;
  let folder: string;

  beforeEach(async () => {
    cluster = await startCluster();
    client = new MemberClient({ member: 'm1', endpoint: cluster.endpoints[0] ?? '' });
    folder = await mkdtemp(join(tmpdir(), 'caretaker-keys-'));
  });
  afterEach(async () => {
    client.close();
    await cluster.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Comes back when changes are captured. */
  async function begin(set: Readonly<Record<string, string>> = {}): Promise<Keeping> {
    const all = await keeping(client, folder, {
      store: `file://${folder}/store`,
      'encryption.mode': 'age',
      'encryption.recipientsFile': join(folder, 'recipients'),
      ...set,
    });
    await vi.waitFor(() => expect(all.view().newestFull).toBeDefined(), patience);
    return all;
  }

  /** At once, as whoever changes keys should. */
  async function recipients(text: string): Promise<void> {
    await writeFile(join(folder, 'next'), text);
    await rename(join(folder, 'next'), join(folder, 'recipients'));
  }

  /** Writes, and says for which keys the segment with that is encrypted. */
  async function keyIdsOfNext(): Promise<readonly string[]> {
    const { revision } = await client.put(Buffer.from('k'), Buffer.from('v'));
    return await vi.waitFor(async () => {
      const whole = openStore(`file://${folder}/store`);
      const { cluster: name, timeline } = choosePlace(await findPlaces(whole), {}, whole.url);
      const store = storeAt(whole, `${name}/${timeline}`);
      const catalogue = await readCatalogue(store);
      const segment = catalogue.segments.find(({ name: { from, to } }) => from <= revision && revision <= to);
      if (segment === undefined || chainsOf(catalogue).length === 0) throw new Error('not stored yet');
      const beginning = store.get(segment.key, { fromByte: 0, toByte: MANIFEST_READ_BYTES });
      const { manifest } = await readSegmentManifest(beginning, segment.key);
      return manifest.encryption?.keyIds ?? [];
    }, patience);
  }

  it('are changed without a restart, and kept where the file can no longer be read', async () => {
    const [before, after] = await Promise.all(
      [1, 2].map(async () => await identityToRecipient(await generateX25519Identity())),
    );
    await recipients(`${before}\n`);
    await using all = await begin();
    expect(await keyIdsOfNext()).toEqual([keyIdOf(before ?? '')]);
    await recipients(`${after}\n`);
    expect(await keyIdsOfNext()).toEqual([keyIdOf(after ?? '')]);
    await recipients('no key at all\n');
    expect(await keyIdsOfNext()).toEqual([keyIdOf(after ?? '')]);
    expect(all.faults).toContain('RECIPIENT_UNREADABLE reading the recipients of backups');
    await recipients(`${before}\n${after}\n`);
    expect(await keyIdsOfNext()).toEqual([keyIdOf(before ?? ''), keyIdOf(after ?? '')]);
  });

  it('of which the identity is missing are no reason not to back up', async () => {
    const recipient = await identityToRecipient(await generateX25519Identity());
    await recipients(`${recipient}\n`);
    await using all = await begin({ 'encryption.identityFile': join(folder, 'no-identity') });
    expect(await keyIdsOfNext()).toEqual([keyIdOf(recipient)]);
    expect(all.faults).toContain('IDENTITY_UNREADABLE reading the identity of backups');
    expect(all.view().working).toBe(true);
  });
});
