import { isIP } from 'node:net';
import { type Check, found, type Line, ok, skipped } from '../check.ts';
import type { UrlReading } from '../facts.ts';

/** Client URLs in plain text, and doors that stand open to everybody. On loopback both are notes, elsewhere warnings. */
export const securityCheck: Check = {
  group: 'security',
  examine: (facts) => {
    if (facts.urls.every(({ seconds, admits }) => seconds === undefined && admits === 'unknown')) {
      return [skipped('not checked: no client URL answers')];
    }
    return [...plaintext(facts.urls), ...admission(facts.urls)];
  },
};

function plaintext(urls: readonly UrlReading[]): readonly Line[] {
  const plain = urls.filter(({ url }) => url.startsWith('http://'));
  if (plain.length === 0) return [ok('all client URLs use TLS')];
  return [
    found({
      code: 'PLAINTEXT_CLIENT_URL',
      severity: severityOf(plain),
      message: `Clients talk to etcd in plain text at ${list(plain)}${hereOnly(plain)}.`,
      remedy: 'Give etcd certificates (--cert-file, --key-file) and advertise https:// URLs.',
    }),
  ];
}

function admission(urls: readonly UrlReading[]): readonly Line[] {
  const open = urls.filter(({ admits }) => admits === 'everyone');
  const unknown = urls.filter(({ admits }) => admits === 'unknown');
  const closed = urls.length - open.length - unknown.length;
  const lines: Line[] = [];
  if (open.length > 0) {
    lines.push(
      found({
        code: 'NO_CLIENT_AUTHENTICATION',
        severity: severityOf(open),
        message: `Whoever reaches ${list(open)} may read and change everything: a read without user and certificate was answered${hereOnly(open)}.`,
        remedy:
          'Ask for client certificates (--client-cert-auth, --trusted-ca-file), or turn on authentication (etcdctl auth enable).',
      }),
    );
  }
  if (closed > 0) {
    const by = new Set(urls.map(({ admits }) => admits));
    const what = [...(by.has('certificates') ? ['a client certificate'] : []), ...(by.has('users') ? ['a user'] : [])];
    lines.push(ok(`${closed} of ${urls.length} client URLs ask for ${what.join(' or ')}`));
  }
  if (unknown.length > 0) lines.push(skipped(`whether ${list(unknown)} lets everybody in could not be tried`));
  return lines;
}

function severityOf(urls: readonly UrlReading[]): 'info' | 'warning' {
  return urls.every(({ url }) => isLoopback(url)) ? 'info' : 'warning';
}

function hereOnly(urls: readonly UrlReading[]): string {
  return urls.every(({ url }) => isLoopback(url)) ? ' (loopback: only from this machine)' : '';
}

function list(urls: readonly UrlReading[]): string {
  return [...new Set(urls.map(({ url }) => url))].join(', ');
}

/** Whether only this machine can reach the URL. */
function isLoopback(url: string): boolean {
  if (url.startsWith('unix:') || url.startsWith('unixs:')) return true;
  const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
