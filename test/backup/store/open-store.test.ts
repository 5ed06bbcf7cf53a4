import { describe, expect, it } from 'vitest';
import { openStore, parseStoreUrl } from '../../../src/backup/store/open-store.ts';
import { partBytesFor } from '../../../src/backup/store/s3/part-size.ts';

describe('the URL of a store', () => {
  it.each([
    ['file:///var/backups', { kind: 'local', folder: '/var/backups' }],
    ['file:///var/my%20backups/', { kind: 'local', folder: '/var/my backups/' }],
    ['s3://bucket', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://bucket/', { kind: 's3', bucket: 'bucket', prefix: '' }],
    ['s3://my.bucket-1/some/prefix/', { kind: 's3', bucket: 'my.bucket-1', prefix: 'some/prefix' }],
  ])('%s is read', async (url, place) => {
    expect(parseStoreUrl(url)).toEqual(place);
    await using store = openStore(url);
    expect(store.kind).toBe(place.kind === 'local' ? 'local' : 'remote');
  });

  it.each([
    ['/var/backups', 'file://'],
    ['file://var/backups', 'three slashes'],
    ['file:///', 'root'],
    ['file:///a%2Fb', 'no path'],
    ['backups', 'not a URL'],
    ['http://bucket/x', 'nothing is known of http:'],
    ['s3://', 'name'],
    ['s3://b', 'name'],
    ['s3://Bucket', 'name'],
    ['s3://bucket:9000/x', 'port'],
    ['s3://bucket/a/../b/%2e%2e/c/%ff', 'simple'],
    ['s3://bucket/a//b', 'simple'],
    ['s3://bucket/x?versionId=1', 'query'],
    ['s3://id:s3cret@bucket/x', 'user name'],
    ['s3://bucket/x y', 'not a URL'],
  ])('%s is refused', (url, words) => {
    const refused = { code: 'STORE_URL_INVALID', message: expect.stringContaining(words) };
    expect(() => parseStoreUrl(url)).toThrow(expect.objectContaining(refused));
    expect(() => openStore(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('s3cret') }));
  });
});

describe('the size of parts', () => {
  const mebibyte = 2 ** 20;

  it('is the usual one, as long as twice what is expected fits into 9,999 of them', () => {
    expect(partBytesFor(undefined)).toBe(8 * mebibyte);
    expect(partBytesFor(2 * 2 ** 30)).toBe(8 * mebibyte);
    expect(partBytesFor(100, 1)).toBe(5 * mebibyte);
    for (const expected of [2 ** 30, 2 ** 37, 2 ** 40]) {
      const bytes = partBytesFor(expected, 5 * mebibyte);
      expect(Math.ceil((2 * expected) / bytes)).toBeLessThanOrEqual(9999);
      expect(bytes).toBeGreaterThanOrEqual(5 * mebibyte);
    }
  });

  it('is never more than S3 takes', () => {
    expect(partBytesFor(2 ** 50)).toBe(5 * 2 ** 30);
  });
});
