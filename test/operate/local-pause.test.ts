import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LocalPause, readLocalPause, removeLocalPause, writeLocalPause } from '../../src/operate/local-pause.ts';

let folder: string;
let file: string;

const noon = Date.parse('2026-01-01T12:00:00.000Z');
const pause: LocalPause = {
  reason: 'disk is being replaced',
  by: 'ada@db1',
  at: '2026-01-01T11:00:00.000Z',
  until: '2026-01-01T13:00:00.000Z',
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caretaker-pause-'));
  file = join(folder, 'm1.pause');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the pause file of an agent', () => {
  it('pauses nothing where it is not there', async () => {
    expect(await readLocalPause(file, noon)).toBeUndefined();
  });

  it('pauses until its end, and says who, until when and why', async () => {
    await writeLocalPause(file, pause);
    const sentence = 'Paused here by ada@db1 until 2026-01-01T13:00:00.000Z: disk is being replaced';
    expect(await readLocalPause(file, noon)).toBe(sentence);
    expect(await readLocalPause(file, noon + 3_600_000 - 1)).toBe(sentence);
    expect(await readLocalPause(file, noon + 3_600_000)).toBeUndefined();
  });

  it('pauses also where a clock has gone back behind its beginning', async () => {
    await writeLocalPause(file, pause);
    expect(await readLocalPause(file, 0)).toContain('disk is being replaced');
  });

  it('takes the place of a former one, for its owner alone, and leaves no draft', async () => {
    await writeLocalPause(file, pause);
    await writeLocalPause(file, { ...pause, reason: 'another reason' });
    expect(await readLocalPause(file, noon)).toContain('another reason');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['m1.pause']);
  });

  it.each([
    ['', 'no JSON'],
    ['pause, please', 'no JSON'],
    ['null', 'until when'],
    ['[]', 'until when'],
    ['{"reason": "x"}', 'until when'],
    ['{"reason": "x", "until": 5}', 'until when'],
    ['{"reason": "x", "until": "tomorrow"}', 'until when'],
    ['x'.repeat(64 * 1024 + 1), 'larger than 65536 bytes'],
  ])('pauses where garbage stands in it: %.40s', async (text, said) => {
    await writeFile(file, text);
    const reason = await readLocalPause(file, noon);
    expect(reason).toContain('counts as a pause');
    expect(reason).toContain(said);
  });

  it('pauses where nobody says why', async () => {
    await writeFile(file, JSON.stringify({ until: pause.until }));
    expect(await readLocalPause(file, noon)).toBe(
      'Paused here by somebody until 2026-01-01T13:00:00.000Z: no reason is given',
    );
  });

  it('pauses where a folder, a named pipe or an endless link is in its place, and never waits', async () => {
    await mkdir(file);
    expect(await readLocalPause(file, noon)).toContain('counts as a pause');
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    expect(await readLocalPause(pipe, noon)).toContain('it is no file');
    const link = join(folder, 'link');
    await symlink(link, link);
    expect(await readLocalPause(link, noon)).toContain('cannot be read');
  });

  it('is removed once; then there is none', async () => {
    await writeLocalPause(file, pause);
    expect(await removeLocalPause(file)).toBe(true);
    expect(await readLocalPause(file, noon)).toBeUndefined();
    expect(await removeLocalPause(file)).toBe(false);
  });

  it('says what to do where it cannot be written or removed', async () => {
    const nowhere = join(folder, 'missing', 'm1.pause');
    await expect(writeLocalPause(nowhere, pause)).rejects.toMatchObject({
      code: 'PAUSE_FILE_UNUSABLE',
      remedy: expect.stringContaining('The folder is missing'),
    });
    await mkdir(file);
    await expect(writeLocalPause(file, pause)).rejects.toMatchObject({ code: 'PAUSE_FILE_UNUSABLE' });
    await expect(removeLocalPause(file)).rejects.toMatchObject({ code: 'PAUSE_FILE_UNUSABLE' });
    expect(await readdir(folder)).toEqual(['m1.pause']);
  });
});
