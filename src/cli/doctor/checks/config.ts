import { resolve } from 'node:path';
import { type Check, found, type Line, ok } from '../check.ts';
import type { Facts, SecretFile } from '../facts.ts';

/** Permission bits that let others than the owner and its group in. */
const othersBits = 0o007;

/** What the configuration says, held against what is there. */
export const configCheck: Check = {
  group: 'config',
  examine: (facts) => [
    summary(facts),
    ...memberName(facts),
    ...dataDir(facts),
    ...facts.config.secretFiles.flatMap(secretFile),
  ],
};

function summary({ config }: Facts): Line {
  const origin = config.file === undefined ? 'no file' : config.file;
  const out = config.foundOut.length === 0 ? '' : `; found out here: ${config.foundOut.join(', ')}`;
  return ok(`${origin}: ${config.keysSet} keys are set, all of them good${out}`);
}

function memberName({ observation, member, config }: Facts): readonly Line[] {
  const { member: own, cluster } = observation.sections;
  const id = own?.value?.status.memberId;
  const listed = cluster?.value?.members.find((each) => each.id === id);
  if (listed === undefined || listed.name === member || config.foundOut.includes('member.name')) return [];
  const message = `The endpoint is answered by the member named ${listed.name}, but member.name is ${member}.`;
  const remedy = `Set member.name to ${listed.name}, or correct member.endpoint.`;
  return [found({ code: 'MEMBER_NAME_MISMATCH', severity: 'warning', message, remedy })];
}

function dataDir({ observation, dataDir: configured, config }: Facts): readonly Line[] {
  const { value: process, fault } = observation.sections.process ?? {};
  if (fault?.code === 'ETCD_PROCESS_FOREIGN') {
    const { code, message, remedy = 'Correct member.dataDir.' } = fault;
    return [found({ code, severity: 'critical', message: `${message}.`, remedy })];
  }
  const running = process?.settings['data-dir'];
  if (configured === undefined || running === undefined || config.foundOut.includes('member.dataDir')) return [];
  // Found by its data dir, it is the right one under whatever name; a relative path cannot be compared here.
  if (process?.foundBy === 'data-dir' || !running.startsWith('/') || resolve(running) === resolve(configured))
    return [];
  const message = `Etcd at this endpoint (process ${process?.pid}) keeps its data in ${running}, but member.dataDir is ${configured}.`;
  const remedy = 'Set member.dataDir to the directory of this member.';
  return [found({ code: 'DATA_DIR_MISMATCH', severity: 'warning', message, remedy })];
}

function secretFile({ key, path, mode, fault }: SecretFile): readonly Line[] {
  if (fault !== undefined) {
    const message = `${path} (${key}) cannot be read: ${fault.message}.`;
    const remedy = 'Correct the path, or let the user that the agent runs as read the file.';
    return [found({ code: 'SECRET_FILE_UNREADABLE', severity: 'critical', message, remedy })];
  }
  if (mode === undefined || (mode & othersBits) === 0) return [];
  const message = `${path} (${key}) can be read by every user of this machine (mode ${mode.toString(8).padStart(4, '0')}).`;
  return [found({ code: 'SECRET_FILE_OPEN', severity: 'warning', message, remedy: `chmod 0600 ${path}` })];
}
