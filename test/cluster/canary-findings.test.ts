import { expect, it } from 'vitest';
import { canaryFindings } from '../../src/cluster/canary-findings.ts';
import type { Canary } from '../../src/cluster/sections.ts';

const canary: Canary = {
  operation: 'write',
  outcomes: { succeeded: 3, slow: 0, failed: 9 },
  discarded: 0,
  latency: { edges: [1], counts: [3], sum: 1, count: 3 },
};

it('a canary that is not allowed is said, with what to do; one that fails is for whoever watches the service level', () => {
  expect(canaryFindings({ canaries: [canary] })).toEqual([]);
  expect(canaryFindings({ canaries: [{ ...canary, off: 'the user may not write' }] })).toMatchObject([
    {
      code: 'CANARY_OFF',
      severity: 'info',
      message: expect.stringContaining('the user may not write'),
      remedy: expect.stringContaining('observe.canary.write: false'),
    },
  ]);
});
