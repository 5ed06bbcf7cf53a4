import { parentPort } from 'node:worker_threads';
import type { Operations, ThreadReply, ThreadRequest } from './disk-thread.ts';

/** The thread's side of `DiskThread`: answers each request in turn, blocking as long as the operation does. */
export function serveOperations(operations: Operations): void {
  const port = parentPort;
  if (port === null) throw new Error('serveOperations runs in a worker thread only');
  port.on('message', ({ id, op, argument }: ThreadRequest) => {
    port.postMessage(answer(operations, id, op, argument));
  });
}

function answer(operations: Operations, id: number, op: string, argument: unknown): ThreadReply {
  try {
    const operation = operations[op];
    if (operation === undefined) throw new Error(`no operation '${op}'`);
    return { id, value: operation(argument as never) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && 'code' in error ? { code: String(error.code) } : {};
    return { id, error: { message, ...code } };
  }
}
