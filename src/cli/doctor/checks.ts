import type { Check } from './check.ts';
import { alarmsCheck } from './checks/alarms.ts';
import { certificatesCheck } from './checks/certificates.ts';
import { configCheck } from './checks/config.ts';
import { diagnosisCheck } from './checks/diagnosis.ts';
import { diskCheck } from './checks/disk.ts';
import { grantsCheck } from './checks/grants.ts';
import { loadCheck } from './checks/load.ts';
import { membersCheck } from './checks/members.ts';
import { networkCheck } from './checks/network.ts';
import { quotaCheck } from './checks/quota.ts';
import { reachCheck } from './checks/reach.ts';
import { securityCheck } from './checks/security.ts';
import { spaceCheck } from './checks/space.ts';
import { versionsCheck } from './checks/versions.ts';

/** Every check, in the order of the report: what all else stands on comes first. */
export const checks: readonly Check[] = [
  reachCheck,
  diagnosisCheck,
  membersCheck,
  alarmsCheck,
  versionsCheck,
  quotaCheck,
  diskCheck,
  spaceCheck,
  networkCheck,
  certificatesCheck,
  securityCheck,
  grantsCheck,
  configCheck,
  loadCheck,
];
