import { createHash } from 'node:crypto';
import { StoreError } from '../store.ts';
import { ChangingFile } from './changing-file.ts';

const KEY_BYTES = 32;

/** What each request says of a key that the server does not keep. */
export interface CustomerKeyFields {
  readonly SSECustomerAlgorithm: 'AES256';
  readonly SSECustomerKey: string;
  readonly SSECustomerKeyMD5: string;
}

/** Reads a key of 32 bytes, raw or in base64, before each request. */
export function customerKeyFrom(path: string): () => Promise<CustomerKeyFields> {
  const file = new ChangingFile(path);
  return async () => {
    const content = await file.read();
    const decoded = content.length === KEY_BYTES ? content : Buffer.from(content.toString('latin1').trim(), 'base64');
    if (decoded.length !== KEY_BYTES) {
      throw new StoreError('STORE_DENIED', `The file ${path} does not hold a key of 32 bytes, raw or in base64.`, {
        remedy: 'Make one, once: `head -c 32 /dev/urandom | base64`. Keep it: without it the backups cannot be read.',
      });
    }
    return {
      SSECustomerAlgorithm: 'AES256',
      SSECustomerKey: decoded.toString('base64'),
      SSECustomerKeyMD5: createHash('md5').update(decoded).digest('base64'),
    };
  };
}
