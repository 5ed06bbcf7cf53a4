import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { keyTable } from '../../src/config/keys.ts';

const repository = join(import.meta.dirname, '..', '..');

const pages = [
  'docs/deployments.md',
  'docs/from-bitnami.md',
  'docs/from-etcd-operator.md',
  'docs/certificates.md',
  'docs/permissions.md',
  'docs/sizing.md',
  'deploy/compose/README.md',
];

const textOf = (page: string): string => readFileSync(join(repository, page), 'utf8');

/** What stands in backticks on one line, outside of blocks. */
const quotedIn = (text: string): readonly string[] =>
  [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, quoted = '']) => quoted);

const keys = [...keyTable().keys.keys()];
const sections = new Set(keys.flatMap((key) => (key.includes('.') ? [key.split('.')[0] ?? ''] : [])));

const isKey = (named: string): boolean => {
  const path = named.replace(/\.\*$/, '');
  return keys.some((key) => key === path || key.startsWith(`${path}.`));
};

test.each(pages)('%s names no key of the configuration that there is not', (page) => {
  const named = quotedIn(textOf(page)).flatMap((quoted) => {
    const [path = ''] = /^[a-z][A-Za-z0-9]*(\.[a-z][A-Za-z0-9]*)+(\.\*)?/.exec(quoted) ?? [];
    // The domain of a Kubernetes cluster looks like a key.
    return sections.has(path.split('.')[0] ?? '') && path !== 'cluster.local' ? [path] : [];
  });
  expect(named.filter((path) => !isKey(path))).toEqual([]);
});

test.each([...pages, 'docs/helm.md'])('%s links to files that there are, and to headings that they have', (page) => {
  const headingsOf = (text: string): ReadonlySet<string> =>
    new Set(
      [...text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
          .replaceAll(' ', '-'),
      ),
    );
  const broken = [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (link.startsWith('https://')) return [];
    const [path = '', heading] = link.split('#');
    const file = path === '' ? join(repository, page) : join(repository, dirname(page), path);
    if (!existsSync(file)) return [link];
    return heading === undefined || headingsOf(readFileSync(file, 'utf8')).has(heading) ? [] : [link];
  });
  expect(broken).toEqual([]);
});
