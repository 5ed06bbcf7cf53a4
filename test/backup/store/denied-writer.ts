import { fileURLToPath } from 'node:url';
import { LocalStore } from '../../../src/backup/store/local.ts';
import { faultOf } from '../../../src/cluster/agent-error.ts';

// Becomes the user whose id is given, tries to put an object, and says with which code that failed.
process.setgid?.(Number(process.argv[3]));
process.setuid?.(Number(process.argv[3]));
const store = new LocalStore(fileURLToPath(process.argv[2] ?? ''));
const said = await store.put('a', Buffer.from('x')).then(
  () => 'it was allowed',
  (error: unknown) => faultOf(error).code,
);
process.stdout.write(`${said}\n`);
