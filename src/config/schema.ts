import * as z from 'zod';
import { choice } from './leaves.ts';
import { backupSection } from './sections/backup.ts';
import { clusterSection } from './sections/cluster.ts';
import { exposeSection } from './sections/expose.ts';
import { healSection } from './sections/heal.ts';
import { leadSection } from './sections/lead.ts';
import { logSection } from './sections/log.ts';
import { maintenanceSection } from './sections/maintenance.ts';
import { memberSection } from './sections/member.ts';
import { notifySection } from './sections/notify.ts';
import { observeSection } from './sections/observe.ts';
import { operateSection } from './sections/operate.ts';
import { superviseSection } from './sections/supervise.ts';

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
    mode: choice(
      'What the agents do with what they decide. `auto`: they act, once they are armed; `plan`: they only publish what they would do.',
      ['auto', 'plan'],
    ).prefault('auto'),
    member: memberSection,
    cluster: clusterSection.prefault({}),
    observe: observeSection.prefault({}),
    lead: leadSection.prefault({}),
    maintenance: maintenanceSection.prefault({}),
    backup: backupSection.prefault({}),
    heal: healSection.prefault({}),
    supervise: superviseSection.prefault({}),
    operate: operateSection.prefault({}),
    notify: notifySection.prefault({}),
    expose: exposeSection.prefault({}),
    log: logSection.prefault({}),
  })
  .meta({ title: 'Configuration of etcd-caretaker' });
