import { startChaosCluster } from './chaos-cluster.ts';
import { faultRun } from './fault-run.ts';
import { provocations } from './operations.ts';

const c = await startChaosCluster();
try {
  for (const [n, p] of [
    ['nospace', { call: 'claim#1', when: 'after' }],
    ['nospace', { call: 'disarm#1', when: 'before' }],
    ['defrag', undefined],
  ] as const) {
    const r = await faultRun(c, n, p);
    console.log(n, r.entry?.outcome, r.entry?.summary, r.problems, r.seconds);
  }
} catch (e) {
  console.log(String(e));
  for (const a of c.agents) console.log(a.member, a.logTail());
  for (const m of c.cluster.members)
    console.log(
      m
        .log()
        .split('\n')
        .filter((l) => /compact|defrag/.test(l))
        .slice(-12)
        .join('\n'),
    );
}
await c[Symbol.asyncDispose]();
