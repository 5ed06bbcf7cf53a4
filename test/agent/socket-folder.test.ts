import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareSocketFolder } from '../../src/agent/socket-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'etcd-caretaker-socket-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the folder of the Unix socket', () => {
  it("is made for its owner alone where it is the agent's own", async () => {
    await prepareSocketFolder(join(folder, 'run', 'm1.sock'), { make: true });
    expect((await stat(join(folder, 'run'))).mode & 0o777).toBe(0o700);
  });

  it('is not made where somebody configured it: a typing error must not leave folders behind', async () => {
    const socket = join(folder, 'mistyped', 'm1.sock');
    await expect(prepareSocketFolder(socket, { make: false })).rejects.toMatchObject({
      code: 'SOCKET_FOLDER_UNUSABLE',
    });
    expect(existsSync(join(folder, 'mistyped'))).toBe(false);
  });

  it('is refused where others could put their own socket in place of ours', async () => {
    await chmod(folder, 0o777);
    await expect(prepareSocketFolder(join(folder, 'm1.sock'), { make: false })).rejects.toThrow(
      'can be written by others',
    );
  });
});
