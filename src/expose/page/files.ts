import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { ProblemError } from '../http/problem.ts';

/** A file of the status page as it is sent. */
export interface PageFile {
  readonly text: Buffer;
  readonly gzipped: Buffer;
  /** Strong, as `ETag` has it, of the text; that of the other is told apart by the server's `Vary`. */
  readonly etag: string;
}

/** What the page consists of. */
export type PageFileName = 'index.html' | 'page.js' | 'page.css';

/** Gives the files of the page. It has them in memory once they were asked for: a page is wanted most when a disk hangs. */
export interface PageFiles {
  /** Throws `ProblemError` 503 `PAGE_NOT_BUILT` where it is not there. */
  read(name: PageFileName): Promise<PageFile>;
}

/** Where `npm run build` puts the page: beside what was built, or from the sources of a checkout in its `dist`. */
function builtPage(): string {
  const fromSources = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSources ? '../../../dist/page/' : '../../page/', import.meta.url));
}

/** The files in a folder; default: those of this build. */
export function pageFiles(folder = builtPage()): PageFiles {
  const known = new Map<PageFileName, Promise<PageFile>>();
  return {
    read: async (name) => {
      const found = known.get(name) ?? load(`${folder}/${name}`);
      known.set(name, found);
      try {
        return await found;
      } catch (error) {
        // Whoever builds it meanwhile need not start the agent again.
        known.delete(name);
        throw error;
      }
    },
  };
}

async function load(path: string): Promise<PageFile> {
  const text = await readFile(path).catch(() => {
    throw new ProblemError({
      status: 503,
      code: 'PAGE_NOT_BUILT',
      detail:
        'This checkout has no built page. Run `npm run build`; the API is there all the same: /api/v1/openapi.json.',
    });
  });
  return {
    text,
    gzipped: await promisify(gzip)(text, { level: 9 }),
    etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`,
  };
}
