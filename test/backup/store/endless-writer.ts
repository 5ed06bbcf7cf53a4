import { fileURLToPath } from 'node:url';
import { LocalStore } from '../../../src/backup/store/local.ts';

// Puts an object that never ends into the store whose URL is given, until it is killed.
const store = new LocalStore(fileURLToPath(process.argv[2] ?? ''));
const pieces = async function* () {
  for (let piece = 0; ; piece += 1) {
    yield Buffer.alloc(100_000, 1);
    if (piece === 3) process.stdout.write('some of it is there\n');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
await store.put('full/endless', pieces());
