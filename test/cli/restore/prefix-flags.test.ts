import { describe, expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/main.ts';

describe('the command line of a restore into a live cluster', () => {
  const live = ['--endpoint', 'http://127.0.0.1:1'];

  test.each([
    ['an empty prefix', ['--prefix', '', ...live], 'the whole keyspace'],
    ['the keys of the agents', ['--prefix', '/etcd-caretaker/', ...live], 'keys of the agents'],
    ['those of a prefix of their own', ['--prefix', '/own/a', '--set', 'cluster.keyPrefix=/own/', ...live], '/own/'],
    ['a backslash that begins no byte', ['--prefix', 'a\\b', ...live], '\\x5c'],
    ['no cluster', ['--prefix', '/a/'], '--endpoint'],
    ['two prefixes', ['--prefix', '/a/', '--literal-prefix', '/a', ...live], 'Leave the others out'],
    ['flags of both kinds', ['--prefix', '/a/', '--data-dir', '/x', ...live], '--data-dir'],
    ['flags of a live cluster without one', ['--data-dir', '/x', '--apply'], '--apply'],
    ['an undo file that is not there', ['--undo', '/nowhere/undo', ...live], 'ENOENT'],
    ['an undo file that is none', ['--undo', import.meta.filename, ...live], 'UNDO_FILE_INVALID'],
  ])('%s', async (_, args, said) => {
    vi.stubEnv('ETCD_CARETAKER_STORE', 'file:///nowhere');
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const exitCode = await main(['restore', ...args]);
    expect({ exitCode, stderr: write.mock.calls.join('') }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining(said),
    });
  });
});
