import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatListenAddress, parseEndpoint, parseListenAddress, parsePageUrl } from '../../src/config/address.ts';

describe('an endpoint', () => {
  it.each([
    ['http://127.0.0.1:2379', 'http://127.0.0.1:2379'],
    ['https://etcd-0.etcd.svc:2379/', 'https://etcd-0.etcd.svc:2379'],
    ['https://[fd00::1]:2379', 'https://[fd00::1]:2379'],
    ['https://[::ffff:10.0.0.1]:2379', 'https://[::ffff:10.0.0.1]:2379'],
    ['https://[fe80::1%eth0]:2379', 'https://[fe80::1%eth0]:2379'],
    ['http://etcd_1:443', 'http://etcd_1:443'],
  ])('%s is accepted', (text, endpoint) => {
    expect(parseEndpoint(text)).toEqual({ value: endpoint });
  });

  it.each([
    ['127.0.0.1:2379', 'it does not begin with http:// or https://'],
    ['unix:///run/etcd.sock', 'it does not begin with http:// or https://'],
    ['http://127.0.0.1', 'it is not a host and a port'],
    ['http://:2379', 'it has no host; all interfaces are 0.0.0.0 or [::]'],
    ['http://fd00::1:2379', 'an IPv6 address stands in brackets, and a port follows it'],
    ['http://[fd00::1]', 'it is not a host and a port'],
    ['http://[fd00::g]:2379', 'what stands in brackets is not an IPv6 address'],
    ['http://[127.0.0.1]:2379', 'what stands in brackets is not an IPv6 address'],
    ['http://300.1.1.1:2379', 'its host is neither a name nor an IP address'],
    ['http://a b:2379', 'its host is neither a name nor an IP address'],
    ['http://a:70000', 'ports end at 65535'],
    ['http://a:0', 'port 0 cannot be reached'],
    ['http://a:2379/v3', 'it has a path'],
    ['http://a:2379?x=1', 'it has a query or a fragment'],
    ['http://root:pw@a:2379', 'a URL with a user name or a password in it is not accepted'],
  ])('%s is refused: %s', (text, problem) => {
    expect(parseEndpoint(text)).toEqual({ problem });
  });

  it('is the same when read again, and a URL that Node agrees with', () => {
    const hosts = fc.oneof(
      fc.ipV4(),
      fc.ipV6().map((address) => `[${address}]`),
      fc.domain(),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('http', 'https'),
        hosts,
        fc.integer({ min: 1, max: 65_535 }),
        (scheme, host, port) => {
          const text = `${scheme}://${host}:${port}`;
          expect(parseEndpoint(text)).toEqual({ value: text });
          expect(URL.canParse(text)).toBe(true);
        },
      ),
    );
  });
});

describe('the URL of a page', () => {
  it('may have a path', () => {
    expect(parsePageUrl('http://[::1]:2381/metrics')).toEqual({ value: 'http://[::1]:2381/metrics' });
  });

  it.each(['http://a:1/metrics?x', 'http://a/metrics', 'http://a:1/a b', 'a:1/metrics'])('%s is refused', (text) => {
    expect(parsePageUrl(text)).toHaveProperty('problem');
  });
});

describe('the address of a listener', () => {
  it.each([
    ['127.0.0.1:9379', '127.0.0.1', 9379, true],
    ['127.8.8.8:1', '127.8.8.8', 1, true],
    ['localhost:0', 'localhost', 0, true],
    ['[::1]:9379', '::1', 9379, true],
    ['0.0.0.0:9379', '0.0.0.0', 9379, false],
    ['[::]:9379', '::', 9379, false],
    ['127.0.0.1.example.org:9379', '127.0.0.1.example.org', 9379, false],
    ['[::ffff:127.0.0.1]:9379', '::ffff:127.0.0.1', 9379, false],
  ])('%s is taken apart', (text, host, port, isLoopback) => {
    const parsed = parseListenAddress(text);
    expect(parsed).toEqual({ value: { host, port, isLoopback } });
    expect(formatListenAddress({ host, port })).toBe(text);
  });

  it.each([':9379', '9379', '::1:9379', '[::1]', 'http://127.0.0.1:9379', '127.0.0.1:99999', ''])(
    '%j is refused',
    (text) => {
      expect(parseListenAddress(text)).toHaveProperty('problem');
    },
  );
});
