import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemdUnit, type UnitPlan } from '../../../src/cli/install/systemd-unit.ts';
import { wideFolder, writableFolders } from '../../../src/cli/install/writable-folders.ts';
import { load, minimal } from '../../config/loading.ts';

const plan: UnitPlan = {
  kind: 'child',
  program: '/usr/local/bin/etcd-caretaker',
  config: '/etc/etcd-caretaker/agent.yaml',
  writable: [{ path: '/var/lib/etcd', isNeeded: true }, { path: '/var/backups/etcd' }],
};
const lines = (more: Partial<UnitPlan>): readonly string[] => systemdUnit({ ...plan, ...more }).split('\n');

describe('the unit of the agent', () => {
  it('is what stands in deploy/ for an agent that starts etcd itself', async () => {
    const file = join(import.meta.dirname, '../../../deploy/systemd/etcd-caretaker.service');
    await expect(systemdUnit(plan)).toMatchFileSnapshot(file);
  });

  it('ends only the agent where etcd is a process of it', () => {
    expect(lines({})).toEqual(expect.arrayContaining(['KillMode=process', 'OOMPolicy=continue', 'LimitNOFILE=65536']));
    for (const kind of ['none', 'systemd', 'static-pod'] as const) {
      expect(lines({ kind }).join()).not.toContain('KillMode');
    }
  });

  it('has no powers of root for another user', () => {
    expect(lines({ user: 'etcd' })).toEqual(expect.arrayContaining(['User=etcd', 'CapabilityBoundingSet=']));
    expect(lines({}).join()).not.toContain('User=');
  });

  it('hides the homes and /tmp, unless something that it needs is there', () => {
    expect(lines({})).toEqual(expect.arrayContaining(['ProtectHome=yes', 'PrivateTmp=yes']));
    expect(lines({ program: '/home/x/etcd-caretaker' })).toContain('ProtectHome=read-only');
    expect(lines({ named: ['/root/pki/ca.crt'] })).toContain('ProtectHome=read-only');
    expect(lines({ writable: [{ path: '/home/etcd/data' }] })).toContain('ProtectHome=no');
    expect(lines({ config: '/tmp/x/agent.yaml' })).toContain('PrivateTmp=no');
    expect(lines({ writable: [{ path: '/tmp/data' }] })).toContain('PrivateTmp=no');
  });

  it('waits for the mounts of the data, and for no other, and is started again however often it ends', () => {
    expect(lines({})).toEqual(
      expect.arrayContaining([
        'RequiresMountsFor=/var/lib/etcd',
        'ReadWritePaths=/var/lib/etcd',
        'ReadWritePaths=-/var/backups/etcd',
        'StartLimitIntervalSec=0',
      ]),
    );
  });

  it('takes paths as they are, whatever systemd makes of their characters', () => {
    const odd = lines({ program: '/opt/a b/$x/%n', writable: [{ path: '/data/$x %n' }] });
    expect(odd).toContain('ExecStart="/opt/a b/$$x/%%n" agent --config /etc/etcd-caretaker/agent.yaml');
    expect(odd).toContain('ReadWritePaths=-"/data/$x %%n"');
  });
});

describe('where the agent writes', () => {
  const folders = async (yaml: string): Promise<readonly string[]> => {
    const { config } = await load({ yaml: `${minimal}  peerUrl: http://10.0.0.1:2380\n${yaml}` });
    return writableFolders(config).map(({ path }) => path);
  };
  const [, dataDir = ''] = /dataDir: (\S+)/.exec(minimal) ?? [];

  it('is the data dir alone for one that only watches, with the sockets', async () => {
    const found = await folders('backup: {lastGasp: {mode: off}}\n');
    expect(found).toContain(dataDir);
    expect(found).not.toContain('/etc/systemd/system');
  });

  it.each(['none', 'static-pod'])('is not the folder around it for %s, which moves nothing aside', async (kind) => {
    const found = await folders(`supervise: {kind: ${kind}}\n`);
    expect(found).toEqual(expect.arrayContaining([dataDir, `${dataDir}.last-gasp`]));
    expect(found).not.toContain(join(dataDir, '..'));
  });

  it('is worth a word where it holds much besides etcd, and refused where it is the system’s', () => {
    const wide = (path: string, isNeeded = true) =>
      wideFolder({ path, why: '', isMade: false, ...(isNeeded ? { isNeeded } : {}) });
    expect(['/', '/etc', '/usr'].map((path) => wide(path))).toEqual(['refused', 'refused', 'refused']);
    expect(['/var', '/var/lib', '/srv'].map((path) => wide(path))).toEqual(['wide', 'wide', 'wide']);
    expect(['/var/lib/etcd', '/data'].map((path) => wide(path))).toEqual([undefined, undefined]);
    // What is not for data was named so.
    expect(wide('/run', false)).toBeUndefined();
  });

  it('is the folder around it for one that moves data aside', async () => {
    const found = await folders('supervise: {kind: child}\n');
    expect(found).toContain(join(dataDir, '..'));
    expect(found).not.toContain(dataDir);
  });

  it("is also the folders of units for etcd's own unit, and of the manifest for a static pod", async () => {
    expect(await folders('supervise: {kind: systemd}\n')).toEqual(
      expect.arrayContaining(['/etc/systemd/system', '/run/systemd/system']),
    );
    expect(await folders('supervise: {kind: static-pod}\n')).toContain('/etc/kubernetes/manifests');
  });

  it('is each folder of the configuration, and the link of versions, none within another', async () => {
    const found = await folders(
      `supervise: {kind: child, child: {etcd: /opt/bin/etcd}, versions: {folder: /opt/etcd}}
backup: {store: [file:///var/backups/etcd, s3://bucket/x], encryption: {mode: none}, spool: {dir: /var/backups/etcd/spool}}
`,
    );
    expect(found).toEqual(expect.arrayContaining(['/var/backups/etcd', '/opt/bin']));
    expect(found).not.toContain('/var/backups/etcd/spool');
    expect(new Set(found).size).toBe(found.length);
  });
});
