import * as z from 'zod';
import { choice } from './leaves.ts';
import { clusterSection } from './sections/cluster.ts';
import { exposeSection } from './sections/expose.ts';
import { logSection } from './sections/log.ts';
import { memberSection } from './sections/member.ts';
import { observeSection } from './sections/observe.ts';

/**
 * All keys of the configuration. A key stands here once the code acts on it: one that does nothing would be accepted
 * in silence.
 */
export const configSchema = z
  .strictObject({
    profile: choice('Size of the agent. `edge` leaves out the keyspace, for small nodes.', [
      'default',
      'edge',
    ]).prefault('default'),
    member: memberSection,
    cluster: clusterSection.prefault({}),
    observe: observeSection.prefault({}),
    expose: exposeSection.prefault({}),
    log: logSection.prefault({}),
  })
  .meta({ title: 'Configuration of etcd-caretaker' });
