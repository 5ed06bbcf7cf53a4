import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { beginSettings } from '../../../src/supervise/begin-settings.ts';
import { editedManifest } from '../../../src/supervise/static-pod/manifest-edit.ts';
import { kubeadmManifest } from './etcd-manifest.ts';

const plan = {
  initial: { state: 'existing' as const, members: [{ name: 'a', peerUrl: 'https://10.0.0.1:2380' }], token: 't' },
};
const values = {
  name: 'a',
  dataDir: '/var/lib/etcd',
  clientUrl: 'https://10.0.0.1:2379',
  peerUrl: 'https://10.0.0.1:2380',
};
const edit = (text: string, settings = beginSettings(plan)) => editedManifest(text, settings, 'etcd.yaml');

describe('a manifest that is edited', () => {
  it('changes the lines of the flags that begin a cluster, and no other line', () => {
    const text = kubeadmManifest({
      ...values,
      begin: [
        '--initial-cluster=x=https://y:2380 # of the first day',
        '--initial-cluster-state=new',
        '--discovery=https://z',
      ],
    });
    const [before, after] = [text.split('\n'), edit(text).split('\n')];
    expect(after.filter((line) => !before.includes(line))).toEqual([
      '    - --initial-cluster=a=https://10.0.0.1:2380 # of the first day',
      '    - --initial-cluster-state=existing',
      '    - --initial-cluster-token=t',
    ]);
    expect(before.filter((line) => !after.includes(line))).toEqual([
      '    - --initial-cluster=x=https://y:2380 # of the first day',
      '    - --initial-cluster-state=new',
      '    - --discovery=https://z',
    ]);
  });

  it('is the same text where nothing has to change', () => {
    const text = kubeadmManifest({ ...values, begin: ['--initial-cluster-state=existing'] });
    expect(edit(text, beginSettings({}))).toBe(text);
  });

  it('knows flags whose value is a word of its own, flags that come twice, args beside command, and the environment', () => {
    const text = `spec:
  containers:
    - name: other
      command: [sh]
    - name: etcd
      command: ["/usr/local/bin/etcd", "--initial-cluster", "b=http://b"]
      args: ["--name=a", "--initial-cluster-state=new", "--initial-cluster-state=new", "--force-new-cluster", "--debug"]
      env:
        - { name: ETCD_DISCOVERY, value: x }
        - { name: ETCD_NAME, value: a }
`;
    const [, etcd] = parse(edit(text)).spec.containers;
    expect(etcd.command).toEqual(['/usr/local/bin/etcd']);
    expect(etcd.args).toEqual([
      ...['--name=a', '--initial-cluster-state=existing', '--debug', '--initial-cluster=a=https://10.0.0.1:2380'],
      '--initial-cluster-token=t',
    ]);
    expect(etcd.env).toEqual([{ name: 'ETCD_NAME', value: 'a' }]);
  });

  it.each([
    ['half: [', 'SUPERVISE_MANIFEST_UNREADABLE'],
    ['', 'SUPERVISE_MANIFEST_UNREADABLE'],
    ['spec: {containers: [{name: x, command: [y]}]}', 'SUPERVISE_MANIFEST_UNREADABLE'],
    ['spec: {containers: [{name: etcd, command: [sh, -c, etcd]}]}', 'SUPERVISE_MANIFEST_OPAQUE'],
    ['spec: {containers: [{name: etcd, command: [etcd, --config-file=/x]}]}', 'SUPERVISE_MANIFEST_OPAQUE'],
    ['spec: {containers: [{name: etcd}]}', 'SUPERVISE_MANIFEST_OPAQUE'],
  ])('is refused where it is not understood: %s', (text, code) => {
    expect(() => edit(text)).toThrow(expect.objectContaining({ code }));
  });
});
