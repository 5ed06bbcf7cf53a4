import { expect, it } from 'vitest';
import { metricsReference } from '../../src/expose/metrics-reference.ts';

it('docs/metrics.md is current (else: npm run docs:metrics)', async () => {
  await expect(metricsReference()).toMatchFileSnapshot('../../docs/metrics.md');
});
