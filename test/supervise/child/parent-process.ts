/**
 * `parent-process OPTIONS PLAN`, both as JSON: an agent that does nothing but start etcd. It says `started` and waits to be
 * killed; with `leave` as a third word it ends by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildOptions, childSupervisor } from '../../../src/supervise/child/child-supervisor.ts';
import type { StartPlan } from '../../../src/supervise/supervisor.ts';

const [options = '', plan = '', leave] = process.argv.slice(2);
const supervisor = childSupervisor({ ...(JSON.parse(options) as ChildOptions), env: process.env });
await supervisor.start(JSON.parse(plan) as StartPlan, AbortSignal.timeout(60_000));
process.stdout.write('started\n');
if (leave === undefined) await sleep(600_000);
