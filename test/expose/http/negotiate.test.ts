import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostOf, isLocalName, isLoopbackAddress } from '../../../src/expose/http/host-name.ts';
import { toJson } from '../../../src/expose/http/json.ts';
import { acceptsGzip, preferredType } from '../../../src/expose/http/negotiate.ts';

const offered = ['text/plain;version=0.0.4', 'application/openmetrics-text;version=1.0.0'] as const;

describe('the Accept header', () => {
  it.each([
    [undefined, 0],
    ['', 0],
    ['*/*', 0],
    ['text/*', 0],
    ['application/openmetrics-text', 1],
    ['Application/OpenMetrics-Text; Version="1.0.0"', 1],
    ['application/openmetrics-text;version=0.0.1', undefined],
    ['application/openmetrics-text;version=0.0.1,text/plain;q=0.1', 0],
    ['application/openmetrics-text;q=0.2,text/plain;q=0.5', 0],
    ['text/plain;q=0,*/*', 1],
    ['text/plain;q=0', undefined],
    ['application/json', undefined],
    [',,;;=,', undefined],
  ])('%s prefers %s', (accept, index) => {
    expect(preferredType(accept, offered)).toBe(index === undefined ? undefined : offered[index]);
  });

  it('takes whatever is sent without failing', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        preferredType(header, offered);
        acceptsGzip(header);
        hostOf(header);
      }),
    );
  });
});

it.each([
  [undefined, false],
  ['gzip', true],
  ['br, GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['identity', false],
])('the Accept-Encoding %s takes gzip: %s', (header, expected) => {
  expect(acceptsGzip(header)).toBe(expected);
});

describe('names and addresses', () => {
  it.each([
    ['localhost', true],
    ['LOCALHOST:9379', true],
    ['localhost.:9379', true],
    ['127.0.0.1:9379', true],
    ['127.8.9.10', true],
    ['[::1]:9379', true],
    ['agent.example:9379', true],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['10.0.0.1', false],
    ['[::2]', false],
    ['localhost@evil', false],
    ['', false],
  ])('%s is local: %s', (host, expected) => {
    expect(isLocalName(host, ['agent.example'])).toBe(expected);
  });

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:10.0.0.1', false],
    ['0.0.0.0', false],
    [undefined, false],
  ])('the address %s is loopback: %s', (address, expected) => {
    expect(isLoopbackAddress(address)).toBe(expected);
  });
});

it('JSON has 64-bit integers as text and says what is not finite', () => {
  expect(JSON.parse(toJson({ a: 2n ** 63n, b: [Infinity, -Infinity, Number.NaN], c: 1.5 }))).toEqual({
    a: '9223372036854775808',
    b: ['+Inf', '-Inf', 'NaN'],
    c: 1.5,
  });
});
