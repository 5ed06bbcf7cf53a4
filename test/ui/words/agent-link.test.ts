import { describe, expect, it } from 'vitest';
import { agentLink } from '../../../src/ui/words/agent-link.ts';

describe('a link to an agent', () => {
  it.each([
    ['https://db1:9379', 'https://db1:9379'],
    ['http://127.0.0.1:9379/', 'http://127.0.0.1:9379/'],
    ['javascript:alert(1)', undefined],
    ['unix:/run/etcd-caretaker/m1.sock', undefined],
    ['nothing of the kind', undefined],
    [undefined, undefined],
  ])('to %s leads to %s', (url, link) => {
    expect(agentLink(url)).toBe(link);
  });
});
