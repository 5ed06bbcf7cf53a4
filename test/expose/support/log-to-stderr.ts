import { createLog } from '../../../src/expose/log.ts';

const log = createLog({ level: 'info' });
for (let i = 0; i < Number(process.argv[2]); i += 1) {
  log.info('line', { i });
}
log.info('last');
process.exit(7);
