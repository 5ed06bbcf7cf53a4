import type { Contradiction, Values } from '../contradictions.ts';
import { liesIn } from '../lies-in.ts';
import { isLocalStore } from '../store-url.ts';

/** What of the keys of backups does not go together. */
export function* backupContradictions(values: Values): Generator<Contradiction> {
  yield* wrongEncryption(values);
  yield* wrongKeysOfTheServer(values);
  yield* wrongColdness(values);
  if (values.has('backup.s3.sessionTokenFile') && !values.has('backup.s3.accessKeyIdFile')) {
    const hint = 'set backup.s3.accessKeyIdFile and backup.s3.secretAccessKeyFile too, or none of the three';
    yield { key: 'backup.s3.sessionTokenFile', message: 'it is set without backup.s3.accessKeyIdFile', hint };
  }
  if (values.has('backup.spool.dir') && values.get('backup.spool.dir') === values.get('member.walDir')) {
    const hint = 'choose a folder on another device';
    yield { key: 'backup.spool.dir', message: "it is the folder of etcd's WAL", hint };
  }
  yield* insideEtcd(values);
  const stores = values.get('backup.store');
  if (Array.isArray(stores) && new Set(stores).size < stores.length) {
    yield { key: 'backup.store', message: 'a store is named twice', hint: 'name each once' };
  }
}

/** Etcd looks after its own folders, and a recovery puts them aside. */
function* insideEtcd(values: Values): Generator<Contradiction> {
  const key = 'backup.lastGasp.dir';
  const dir = values.get(key);
  if (typeof dir !== 'string') return;
  for (const etcds of ['member.dataDir', 'member.walDir']) {
    const folder = values.get(etcds);
    if (typeof folder !== 'string' || !liesIn(dir, folder)) continue;
    yield { key, message: `it lies in ${etcds}`, hint: 'choose a folder outside of it, best on another device' };
    return;
  }
}

function* wrongEncryption(values: Values): Generator<Contradiction> {
  const key = 'backup.encryption.mode';
  const mode = values.get(key);
  const stores = values.get('backup.store');
  const hasRecipients = values.has('backup.encryption.recipientsFile');
  const isRemote = Array.isArray(stores) && !stores.every((url) => isLocalStore(String(url)));
  if (isRemote && mode === undefined && !hasRecipients) {
    const hint = `set backup.encryption.recipientsFile; or say \`${key}: none\` (or sse-kms) if the server may read it`;
    yield { key: 'backup.store', message: 'what is in etcd would leave this machine unencrypted', hint };
  }
  if (mode === 'age' && !hasRecipients) {
    const hint = 'set backup.encryption.recipientsFile';
    yield { key, message: 'it is age, but nobody is named who could decrypt', hint };
  }
  if (mode !== undefined && mode !== 'age' && hasRecipients) {
    const hint = 'leave backup.encryption.mode or backup.encryption.recipientsFile out';
    yield { key, message: `it is ${mode}, but there are recipients`, hint };
  }
  if (mode === 'sse-kms' && values.get('backup.s3.sse') !== 'sse-kms') {
    yield { key, message: 'it is sse-kms, but the server is not told so', hint: 'set backup.s3.sse: sse-kms' };
  }
}

function* wrongColdness(values: Values): Generator<Contradiction> {
  const [after, storageClass] = ['backup.retention.coldAfter', 'backup.retention.coldClass'];
  for (const [key, other] of [
    [after, storageClass],
    [storageClass, after],
  ] as const) {
    if (values.has(key) && !values.has(other)) {
      yield { key, message: `it is set without ${other}`, hint: `set ${other} too, or leave both out` };
    }
  }
  const named = values.get(storageClass);
  if (named === 'GLACIER' || named === 'DEEP_ARCHIVE') {
    const hint = 'choose one that can be read at once, such as GLACIER_IR or STANDARD_IA';
    const message = `nothing in ${named} can be read before hours: neither a restore nor backup verify could`;
    yield { key: storageClass, message, hint };
  }
}

/** Each kind of encryption by the server has its own key. */
function* wrongKeysOfTheServer(values: Values): Generator<Contradiction> {
  const sse = values.get('backup.s3.sse');
  const customerKey = 'backup.s3.sseCustomerKeyFile';
  if (sse === 'sse-c' && !values.has(customerKey)) {
    yield { key: 'backup.s3.sse', message: `it is sse-c without ${customerKey}`, hint: `set ${customerKey}` };
  }
  for (const [key, kind] of [
    [customerKey, 'sse-c'],
    ['backup.s3.kmsKeyId', 'sse-kms'],
  ] as const) {
    if (!values.has(key) || sse === kind) continue;
    yield {
      key,
      message: `it is set, but backup.s3.sse is not ${kind}`,
      hint: `set backup.s3.sse: ${kind}, or leave it out`,
    };
  }
}
