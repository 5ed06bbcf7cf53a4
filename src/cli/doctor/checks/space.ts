import type { FilesystemSection } from '../../../cluster/sections.ts';
import { filesystemFindings, roomFindings, spaceSentence } from '../../../cluster/space.ts';
import { type Check, found, type Line, orOk, skipped, unread } from '../check.ts';

/** Room on the file systems of the WAL and the data: now, for a defragmentation, and up to the quota. */
export const spaceCheck: Check = {
  group: 'space',
  examine: ({ observation, dataDir }) => {
    const { filesystem, quota } = observation.sections;
    if (dataDir === undefined) return [skipped('not checked: the data directory is not known')];
    if (filesystem?.fault?.code === 'FILESYSTEM_UNRESOLVED') return [skipped('not checked: see disk')];
    if (filesystem?.value === undefined) return [unread(filesystem?.fault)];
    return filesystem.value.filesystems.flatMap((each) => [
      ...state(each),
      ...(each.role === 'data' && quota?.value !== undefined ? roomFindings(each, quota.value).map(found) : []),
    ]);
  },
};

function state(filesystem: FilesystemSection['filesystems'][number]): readonly Line[] {
  return orOk(filesystemFindings(filesystem).map(found), spaceSentence(filesystem));
}
