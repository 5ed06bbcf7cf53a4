import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { secureContextOf } from '../../src/pem/secure-context.ts';

const run = promisify(execFile);

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'certificates.md'), 'utf8');

const blocksOf = (language: string): readonly string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, name, text = '']) => (name === language ? [text] : []));

const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';

let folder: string;

const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(join(folder, `${name}.crt`)));

/** As a host's certificate names it: addresses without what OpenSSL puts before them. */
const namesOf = ({ subjectAltName = '' }: X509Certificate): readonly string[] =>
  subjectAltName === '' ? [] : subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-certificates-page-'));
  await run('sh', ['-eu', '-c', blocksOf('sh').join('\n')], { cwd: folder });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the commands of the page about certificates make three authorities that may issue certificates and nothing else', () => {
  for (const name of ['ca', 'peer-ca', 'agent-ca', 'next/ca']) {
    const authority = certificate(name);
    expect(authority.ca, name).toBe(true);
    expect(authority.verify(authority.publicKey), name).toBe(true);
    expect(authority.keyUsage, name).toBeUndefined();
  }
  expect(new Set(['ca', 'peer-ca', 'agent-ca'].map((name) => certificate(name).fingerprint256)).size).toBe(3);
});

const ofHost = (name: string, ip: string): readonly string[] => [ip, name, `${name}.example.com`];
const local = ['localhost', '127.0.0.1'];
const pods = ['*.etcd-headless.prod.svc', '*.etcd-headless.prod.svc.cluster.local'];
const agents = ['etcd-agents.prod.svc', 'etcd-agents.prod.svc.cluster.local'];
const services = ['etcd.prod.svc', 'etcd.prod.svc.cluster.local'];

const issued: readonly (readonly [
  file: string,
  authority: string,
  uses: readonly string[],
  names: readonly string[],
])[] = [
  ...[1, 2, 3].flatMap((number) => {
    const [name, ip] = [`m${number}`, `10.0.0.${number}`];
    return [
      [`${name}/server`, 'ca', [SERVER, CLIENT], [...ofHost(name, ip), ...local]],
      [`${name}/peer`, 'peer-ca', [SERVER, CLIENT], ofHost(name, ip)],
      [`${name}/agent`, 'agent-ca', [SERVER, CLIENT], [...ofHost(name, ip), ...local]],
      [`${name}/client`, 'ca', [CLIENT], []],
    ] as const;
  }),
  ['pods/server', 'ca', [SERVER, CLIENT], [...pods, ...services, ...local]],
  ['pods/peer', 'peer-ca', [SERVER, CLIENT], pods],
  ['pods/agent', 'agent-ca', [SERVER, CLIENT], [...pods, ...agents, ...local]],
  ['pods/client', 'ca', [CLIENT], []],
  ['prometheus', 'agent-ca', [CLIENT], []],
];

test.each(issued)(
  'the page’s %s.crt comes from %s, with the usages and names that the page says, and has its key',
  (file, authority, uses, names) => {
    const [leaf, issuer] = [certificate(file), certificate(authority)];
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey)).toBe(true);
    expect(leaf.keyUsage).toEqual(uses);
    expect(namesOf(leaf)).toEqual(names);
    const [cert, key] = ['crt', 'key'].map((kind) => {
      const name = join(folder, `${file}.${kind}`);
      return { name, pem: readFileSync(name) };
    });
    expect(cert !== undefined && key !== undefined && secureContextOf({ cert, key })).toHaveProperty('context');
  },
);

test('a pod that a StatefulSet gets later is named by the page’s certificates, and a client’s certificate is etcd’s root', () => {
  expect(certificate('pods/peer').checkHost('etcd-6.etcd-headless.prod.svc.cluster.local')).toBeDefined();
  expect(certificate('pods/server').checkHost('etcd-6.etcd-headless.prod.svc')).toBeDefined();
  expect(certificate('pods/peer').checkHost('etcd-headless.prod.svc')).toBeUndefined();
  expect(certificate('m1/client').subject).toBe('CN=root');
});

test('the page’s renewal leaves one pair, and its bundle trusts both authorities', () => {
  expect(existsSync(join(folder, 'm1/server.new.crt'))).toBe(false);
  const bundle = readFileSync(join(folder, 'ca-both.crt'), 'utf8');
  expect(bundle.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly isCA?: boolean;
    readonly usages?: readonly string[];
    readonly dnsNames?: readonly string[];
    readonly issuerRef?: { readonly name: string };
    readonly privateKey?: { readonly rotationPolicy?: string };
  };
}

test('the page’s manifests for cert-manager name the same hosts and usages as its commands', () => {
  const manifests = blocksOf('yaml').flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as Manifest),
  );
  const leaves = manifests.filter(({ kind, spec }) => kind === 'Certificate' && spec.isCA !== true);
  const files: Readonly<Record<string, string>> = {
    'etcd-server-tls': 'pods/server',
    'etcd-client-tls': 'pods/client',
    'etcd-peer-tls': 'pods/peer',
    'etcd-agent-tls': 'pods/agent',
  };
  expect(leaves.map(({ metadata }) => metadata.name)).toEqual(Object.keys(files));
  for (const { metadata, spec } of leaves) {
    const made = certificate(files[metadata.name] ?? '');
    const dns = namesOf(made).filter((name) => name !== '127.0.0.1');
    expect(new Set(spec.dnsNames ?? []), metadata.name).toEqual(new Set(dns));
    expect(spec.usages, metadata.name).toEqual([
      'digital signature',
      ...(made.keyUsage.includes(SERVER) ? ['server auth'] : []),
      'client auth',
    ]);
    expect(metadata.namespace).toBe('prod');
  }
});
