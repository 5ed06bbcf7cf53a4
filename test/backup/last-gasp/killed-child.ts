import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { takeGasp } from '../../../src/backup/last-gasp/take.ts';

/** Begins a last gasp and gets no further than half of it, until it is killed. */
const [dir = ''] = process.argv.slice(2);
setInterval(() => undefined, 1000);
await takeGasp(
  {
    kind: 'snapshot',
    preview: async () => ({ bytes: 100, fingerprint: 'never whole' }),
    copyInto: async (folder) => {
      await writeFile(join(folder, 'snapshot.db'), 'half of it');
      console.log('half');
      return await new Promise<never>(() => undefined);
    },
  },
  { dir, owner: { clusterName: 'test', member: 'm1' }, keep: 2 },
  new AbortController().signal,
);
