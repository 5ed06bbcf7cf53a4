import { describe, expect, it } from 'vitest';
import { beginSettings } from '../../../src/supervise/begin-settings.ts';
import { overrideOf, startFormOf, type UnitText } from '../../../src/supervise/systemd/override.ts';

const initial = {
  state: 'existing' as const,
  members: [
    { name: 'a', peerUrl: 'http://10.0.0.1:2380' },
    { name: 'b', peerUrl: 'http://[fe80::1%25eth0]:2380' },
  ],
  token: 'the "new" $token',
};

function unit(service: string, environment: readonly string[] = []): UnitText {
  return { unit: 'etcd.service', files: [`[Service]\n${service}\n`], environment };
}

function override(text: UnitText, plan: Parameters<typeof beginSettings>[0] = { initial }, configFile?: string) {
  const form = startFormOf(text, configFile);
  return overrideOf({
    form,
    text,
    settings: beginSettings(plan),
    environmentFile: '/own/etcd.env',
    configCopy: '/own/etcd.yml',
  });
}

const execStart = (text: string) => text.split('\n').filter((line) => line.startsWith('ExecStart='));

describe('the drop-in of a start', () => {
  it('adds flags to the command line as it is written, and quotes its own for systemd', () => {
    const { dropIn } = override(unit('ExecStart=/usr/bin/etcd --name "%H x" $ARGS'));
    expect(execStart(dropIn)).toEqual([
      'ExecStart=',
      'ExecStart=/usr/bin/etcd --name "%H x" $ARGS --initial-cluster=a=http://10.0.0.1:2380,b=http://[fe80::1%%25eth0]:2380 ' +
        '--initial-cluster-state=existing "--initial-cluster-token=the \\"new\\" $$token"',
    ]);
    expect(dropIn).toContain(
      'UnsetEnvironment=ETCD_INITIAL_CLUSTER ETCD_INITIAL_CLUSTER_STATE ETCD_INITIAL_CLUSTER_TOKEN',
    );
  });

  it('leaves dollars alone where the unit has variables not expanded', () => {
    const { dropIn } = override(unit('ExecStart=:/usr/bin/etcd'));
    expect(execStart(dropIn)[1]).toContain('"--initial-cluster-token=the \\"new\\" $token"');
  });

  it('takes back only flags that are there, in the unit or in a variable, and not what a remark says', () => {
    const text = unit('ExecStart=/usr/bin/etcd $ARGS --force-new-cluster', [
      '# --discovery-endpoints=x\nARGS="--discovery-srv=example.org --initial-cluster-token=t"',
    ]);
    expect(execStart(override(text, {}).dropIn)[1]).toBe(
      'ExecStart=/usr/bin/etcd $ARGS --force-new-cluster --initial-cluster-state=existing --initial-cluster-token= --discovery-srv= --force-new-cluster=false',
    );
  });

  it('joins continued lines, with remarks between them, and takes the last list of command lines', () => {
    const files = [
      '[Service]\nExecStart=/usr/bin/old\n[Install]\nExecStart=/no',
      '[Service]\nExecStart=\nExecStart=-/usr/bin/etcd3 \\\n# why\n; and how\n   --name=a \\\n   --debug\n',
    ];
    const { dropIn } = override({ unit: 'etcd.service', files, environment: [] }, {});
    expect(execStart(dropIn)[1]?.split(/ +/)).toEqual(
      'ExecStart=-/usr/bin/etcd3 --name=a --debug --initial-cluster-state=existing'.split(' '),
    );
  });

  it.each([
    ['--config-file /etc/etcd.yml', []],
    ['--config-file="/etc/etcd.yml"', []],
    ['', ['ETCD_CONFIG_FILE=/etc/etcd.yml']],
    ['$ARGS', ['ARGS="--debug --config-file=/etc/etcd.yml"']],
  ])('gives etcd a copy of its configuration file in its place: %s %s', (flags, environment) => {
    const text = unit(`ExecStart=/usr/bin/etcd ${flags}`, environment);
    expect(startFormOf(text, undefined)).toMatchObject({ form: 'config-file', configFile: '/etc/etcd.yml' });
    expect(execStart(override(text).dropIn)[1]).toMatch(/ --config-file=\/own\/etcd\.yml$/);
  });

  it('reaches an etcd behind a wrapper by a further environment file', () => {
    const { dropIn, environment } = override(unit('ExecStart=/usr/lib/etcd-wrapper $ETCD_OPTS'));
    expect(dropIn).toContain('EnvironmentFile=/own/etcd.env');
    expect(dropIn).toContain('UnsetEnvironment=ETCD_DISCOVERY ');
    expect(execStart(dropIn)).toEqual([]);
    expect(environment).toContain('ETCD_INITIAL_CLUSTER_TOKEN="the \\"new\\" \\$token"\n');
  });
});
