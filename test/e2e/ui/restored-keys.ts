import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { MemberClient } from '../../../src/etcd/member-client.ts';
import { findBinaries } from '../../real/binaries.ts';
import { RealMember } from '../../real/member.ts';
import { freePort } from '../../real/ports.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, '..', '..', '..', 'src', 'main.ts');

/**
 * Runs the restore command of a page in a shell, as a person who has copied it, into a data dir of our own; gives the keys below a prefix
 * that an etcd finds there.
 */
export async function restoredKeys(command: string, prefix: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'caretaker-restored-'));
  try {
    const dataDir = join(folder, 'data');
    const program = `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`;
    await writeFile(join(folder, 'etcd-caretaker'), program, { mode: 0o755 });
    const { etcd } = findBinaries('3.5');
    const here = command.replace(/(--data-dir[ =])\S+/, `$1${dataDir}`);
    if (here === command) throw new Error(`the command names no data dir: ${command}`);
    const path = [folder, join(etcd, '..'), process.env['PATH'] ?? ''].join(delimiter);
    await run('/bin/sh', ['-c', here], { env: { ...process.env, PATH: path } });
    const [client, peer] = [await freePort(), await freePort()];
    const [endpoint, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    const member = new RealMember({
      ...{ name: 'restored', endpoint, peerUrl, metricsUrl: `${endpoint}/metrics`, dataDir, etcd },
      logFile: join(folder, 'etcd.log'),
      args: [
        ...[`--data-dir=${dataDir}`, `--listen-client-urls=${endpoint}`, `--advertise-client-urls=${endpoint}`],
        ...[`--listen-peer-urls=${peerUrl}`, '--force-new-cluster'],
      ],
    });
    try {
      await member.start();
      return await keysBelow(endpoint, prefix);
    } finally {
      await member.kill();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function keysBelow(endpoint: string, prefix: string): Promise<readonly string[]> {
  const client = new MemberClient({ member: 'restored', endpoint });
  try {
    const end = Buffer.from(prefix);
    end[end.length - 1] = (end.at(-1) ?? 0) + 1;
    const { kvs } = await client.range({ key: Buffer.from(prefix), rangeEnd: end, keysOnly: true });
    return kvs.map(({ key }) => key.toString());
  } finally {
    client.close();
  }
}
