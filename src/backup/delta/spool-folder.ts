import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../cluster/agent-error.ts';
import type { DeltaManifest } from '../manifest.ts';
import { parseName } from '../names.ts';
import { decodeSegment } from './segment.ts';
import type { Found, SpoolPiece, SpoolShelf } from './spool.ts';

const UNFINISHED = '.tmp';
const DAMAGED = '.damaged';

/** Pieces as files of a folder, named and made as segments of a store are; only the owner may read them. */
export class SpoolFolder implements SpoolShelf {
  readonly place: string;

  constructor(folder: string) {
    this.place = folder;
  }

  /** Makes the folder where it is missing, proves everything in it, and gives what is whole. Throws what the system says. */
  async recover(signal?: AbortSignal): Promise<Found> {
    await mkdir(this.place, { recursive: true, mode: 0o700 });
    const pieces: SpoolPiece[] = [];
    const putAside: string[] = [];
    for (const file of await readdir(this.place)) {
      signal?.throwIfAborted();
      const path = join(this.place, file);
      const name = parseName(`delta/${file}`);
      if (file.endsWith(UNFINISHED)) await rm(path, { force: true });
      if (name?.kind !== 'delta') continue;
      const manifest = await provenManifest(path, `delta/${file}`);
      if (manifest === undefined) {
        // It may still be of use to a person, and nothing is deleted that nobody named.
        await rename(path, path + DAMAGED);
        putAside.push(path + DAMAGED);
        continue;
      }
      const { size: bytes } = await stat(path);
      pieces.push({ from: name.from, to: name.to, bytes, startedAtMs: manifest.startedAtMs, name: file });
    }
    return { pieces, putAside };
  }

  async write(name: string, object: Buffer): Promise<void> {
    const path = join(this.place, name);
    const unfinished = path + UNFINISHED;
    try {
      await writeDurably(unfinished, object);
      await rename(unfinished, path);
      await syncFolder(this.place);
    } catch (error) {
      // Also the finished one: whoever is told that it failed does it again.
      await Promise.all([rm(unfinished, { force: true }), rm(path, { force: true })]).catch(() => undefined);
      throw error;
    }
  }

  read(name: string): AsyncIterable<Buffer> {
    const file = createReadStream(join(this.place, name));
    // Whoever gives up before the file is opened (its piece may be gone by then) no longer listens; whoever reads it is told all the same.
    file.on('error', () => undefined);
    return file;
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.place, name), { force: true });
  }
}

/** Of a piece that has been read whole; undefined where it is damaged. */
async function provenManifest(path: string, key: string): Promise<DeltaManifest | undefined> {
  try {
    const { manifest, records } = await decodeSegment(createReadStream(path), { key });
    for await (const _ of records);
    return manifest;
  } catch (error) {
    if (error instanceof AgentError) return undefined;
    throw error;
  }
}

async function writeDurably(path: string, content: Buffer): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(content);
  await file.sync();
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
