import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManifestPlaces } from '../../../src/supervise/static-pod/manifest-places.ts';

let folder: string;
let places: ManifestPlaces;
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caretaker-manifest-'));
  mkdirSync(at('manifests'));
  mkdirSync(at('held'));
  places = new ManifestPlaces(at('manifests/etcd.yaml'), at('held'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('wherever an agent was ended, the next one goes on with a whole manifest', () => {
  it('in both places: that of the kubelet counts, for a stop', async () => {
    writeFileSync(at('manifests/etcd.yaml'), 'newer');
    writeFileSync(at('held/etcd.yaml'), 'older');
    await places.hold();
    expect(readdirSync(at('manifests'))).toEqual([]);
    expect(readFileSync(at('held/etcd.yaml'), 'utf8')).toBe('newer');
  });

  it('in both places: that of the kubelet counts, for a start', async () => {
    writeFileSync(at('manifests/etcd.yaml'), 'newer');
    writeFileSync(at('held/etcd.yaml'), 'older');
    expect(await places.read()).toEqual({ text: 'newer', path: at('manifests/etcd.yaml') });
    await places.put('newer');
    expect(readFileSync(at('manifests/etcd.yaml'), 'utf8')).toBe('newer');
    expect(readdirSync(at('held'))).toEqual(['etcd.yaml.previous']);
  });

  it('in the middle of giving it back: the piece that the kubelet does not see is replaced', async () => {
    writeFileSync(at('manifests/.etcd.yaml.etcd-caretaker'), 'hal');
    writeFileSync(at('held/etcd.yaml'), 'whole');
    await places.put('whole and edited');
    expect(readdirSync(at('manifests'))).toEqual(['etcd.yaml']);
    expect(readFileSync(at('manifests/etcd.yaml'), 'utf8')).toBe('whole and edited');
  });

  it('in the middle of copying it away: the piece of a copy does not count', async () => {
    writeFileSync(at('held/etcd.yaml.new'), 'hal');
    writeFileSync(at('manifests/etcd.yaml'), 'whole');
    expect((await places.read()).text).toBe('whole');
    await places.hold();
    expect(readFileSync(at('held/etcd.yaml'), 'utf8')).toBe('whole');
  });

  it('a manifest that is nowhere is said, and nothing is made up', async () => {
    await expect(places.hold()).rejects.toMatchObject({ code: 'SUPERVISE_MANIFEST_MISSING' });
    await expect(places.put('text')).rejects.toMatchObject({ code: 'SUPERVISE_MANIFEST_MISSING' });
    expect(existsSync(at('manifests/etcd.yaml'))).toBe(false);
  });
});
