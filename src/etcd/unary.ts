import type { Client, Metadata } from '@grpc/grpc-js';
import type { Method } from './wire/method.ts';

/**
 * One call, one answer, once: nothing here repeats anything. Rejects with gRPC's error, or with the signal's reason;
 * an aborted call is cancelled on the server too.
 */
export function callUnary<Request, Reply>(
  client: Client,
  method: Method<Request, Reply>,
  request: Request,
  metadata: Metadata,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const cancel = (): void => call.cancel();
    const call = client.makeUnaryRequest(
      method.path,
      method.encode,
      method.decode,
      request,
      metadata,
      { deadline: deadlineMs },
      (error, reply) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null && reply !== undefined) resolve(reply);
        else reject(signal?.aborted === true ? signal.reason : error);
      },
    );
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
