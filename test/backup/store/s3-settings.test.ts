import { describe, expect, it } from 'vitest';
import { s3OptionsOf } from '../../../src/backup/store/s3/settings.ts';
import { load } from '../../config/loading.ts';

/** The options for what `backup.s3` of a configuration says. */
async function optionsOf(flags: Readonly<Record<string, string>>) {
  const named = Object.entries(flags).map(([key, value]) => [`backup.s3.${key}`, value]);
  return s3OptionsOf((await load({ flags: Object.fromEntries(named) })).config.backup.s3);
}

describe('the options of a bucket', () => {
  it('are what the configuration says, without what it leaves out', async () => {
    expect(await optionsOf({})).toEqual({
      pathStyle: false,
      checksums: 'when-supported',
      partBytes: 8 * 2 ** 20,
      patience: { forMs: 5_400_000 },
    });
    const all = {
      endpoint: 'https://minio.example:9000',
      region: 'eu-central-1',
      pathStyle: 'true',
      storageClass: 'STANDARD_IA',
      ca: '/ca.crt',
      checksums: 'when-required',
      accessKeyIdFile: '/id',
      secretAccessKeyFile: '/secret',
      sessionTokenFile: '/token',
      proxy: 'http://proxy:3128',
      partSize: '16MiB',
      retryFor: '2h',
    };
    expect(await optionsOf(all)).toEqual({
      endpoint: 'https://minio.example:9000',
      region: 'eu-central-1',
      pathStyle: true,
      storageClass: 'STANDARD_IA',
      caFile: '/ca.crt',
      checksums: 'when-required',
      credentials: { accessKeyIdFile: '/id', secretAccessKeyFile: '/secret', sessionTokenFile: '/token' },
      proxy: 'http://proxy:3128',
      partBytes: 16 * 2 ** 20,
      patience: { forMs: 7_200_000 },
    });
  });

  it.each([
    [{ sse: 'sse-s3' }, { kind: 'sse-s3' }],
    [{ sse: 'sse-kms' }, { kind: 'sse-kms' }],
    [
      { sse: 'sse-kms', kmsKeyId: 'alias/x' },
      { kind: 'sse-kms', keyId: 'alias/x' },
    ],
    [
      { sse: 'sse-c', sseCustomerKeyFile: '/key' },
      { kind: 'sse-c', keyFile: '/key' },
    ],
  ])('hold the encryption of the server: %j', async (flags, encryption) => {
    expect((await optionsOf(flags)).encryption).toEqual(encryption);
  });
});
