import { resolve } from 'node:path';
import { unseenFindings } from '../../../cluster/unseen.ts';
import { type Check, found, type Line, ok } from '../check.ts';
import type { DataDirState, Facts, SecretFile } from '../facts.ts';

/** Permission bits that let others than the owner and its group in. */
const othersBits = 0o007;

/** What the configuration says, held against what is there. */
export const configCheck: Check = {
  group: 'config',
  examine: (facts) => [
    summary(facts),
    ...dataDir(facts),
    ...dataDirOfStoppedEtcd(facts),
    ...unseenFindings(facts.observation).map(found),
    ...facts.config.secretFiles.flatMap(secretFile),
  ],
};

function summary({ config }: Facts): Line {
  const origin = config.file === undefined ? 'no file' : config.file;
  const out = config.foundOut.length === 0 ? '' : `; found out here: ${config.foundOut.join(', ')}`;
  return ok(`${origin}: ${config.keysSet} keys are set, all of them good${out}`);
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

const dataDirRemedy = 'Set member.dataDir (--data-dir) to the data directory of this member, as the agent sees it.';

/** Why a directory is not the data directory of a member; what is missing altogether, the disk's lines tell. */
const dataDirFaults: {
  readonly [K in DataDirState]?: { readonly code: string; readonly why: string; readonly remedy: string };
} = {
  'not-a-directory': { code: 'DATA_DIR_INVALID', why: 'is not a directory', remedy: dataDirRemedy },
  'no-member': {
    code: 'DATA_DIR_INVALID',
    why: 'has no folder member/, as etcd makes it when it first starts',
    remedy: `${dataDirRemedy} A member that has never been started has no such folder yet.`,
  },
  unreadable: {
    code: 'DATA_DIR_UNREADABLE',
    why: 'may not be looked into by this user',
    remedy: "Run the doctor and the agent as root or as etcd's user.",
  },
};

/** Where etcd runs, its process tells which directory is right; where it does not, the directory has to speak for itself. */
function dataDirOfStoppedEtcd({ observation, dataDir: configured, dataDirState }: Facts): readonly Line[] {
  const isRunning = observation.sections.process?.fault?.code !== 'ETCD_PROCESS_NOT_FOUND';
  const fault = dataDirState === undefined ? undefined : dataDirFaults[dataDirState];
  if (isRunning || configured === undefined || fault === undefined) return [];
  const { code, why, remedy } = fault;
  return [found({ code, severity: 'critical', message: `member.dataDir, ${configured}, ${why}.`, remedy })];
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
