import { describe, expect, it } from 'vitest';
import { parseReceiverUrl } from '../../src/config/receiver-url.ts';

describe('the URL of a receiver', () => {
  it.each([
    ['http://alertmanager:9093', 'http://alertmanager:9093'],
    ['https://alertmanager.example/', 'https://alertmanager.example'],
    ['https://hooks.example/services/a/b', 'https://hooks.example/services/a/b'],
    ['http://[fd00::1]:9093/prefix/', 'http://[fd00::1]:9093/prefix'],
  ])('%s is accepted', (text, url) => {
    expect(parseReceiverUrl(text)).toEqual({ value: url });
  });

  it.each([
    ['alertmanager:9093', 'it does not begin with http:// or https://'],
    ['http://', 'it is not a URL'],
    ['http://a:99999', 'it is not a URL'],
    ['http://a b/', 'it is not a URL'],
    ['https://ada:pw@a', 'a URL with a user name or a password in it is not accepted here'],
    ['https://a/?token=x', 'it has a query or a fragment'],
    ['https://a/#x', 'it has a query or a fragment'],
  ])('%s is refused: %s', (text, problem) => {
    expect(parseReceiverUrl(text)).toEqual({ problem });
  });
});
