import { expect, test } from 'vitest';
import { hostPort, parseEndpoint } from '../../src/observe/endpoint-url.ts';

test('host and port of member URLs, with names, IPv4 and IPv6', () => {
  expect(parseEndpoint('http://10.0.0.1:2380')).toMatchObject({ host: '10.0.0.1', port: 2380, tls: false });
  expect(parseEndpoint('https://etcd-1.example:2380')).toMatchObject({ host: 'etcd-1.example', tls: true });
  expect(parseEndpoint('https://[fd00::1]:2380')).toMatchObject({ host: 'fd00::1', port: 2380 });
  expect(parseEndpoint('https://etcd-1.example')).toMatchObject({ port: 443 });
});

test('what is no such URL has neither', () => {
  for (const url of ['', 'etcd-1', 'unix:///run/etcd.sock', 'unixs://localhost:0', 'http://', 'http://a:99999']) {
    expect(parseEndpoint(url)).toBeUndefined();
  }
});

test('an IPv6 address is written in brackets', () => {
  expect(hostPort({ host: 'fd00::1', port: 2380 })).toBe('[fd00::1]:2380');
  expect(hostPort({ host: '10.0.0.1', port: 2380 })).toBe('10.0.0.1:2380');
});
