/**
 * Ends the process with its exit code, once what was written is out. By itself it would end only when the last socket has:
 * gRPC has no way to give up a TCP connection that it is still making, and beside a member whose network drops everything
 * the kernel tries that for two minutes. All that is ours has been released before.
 */
export async function endProcess(): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(written));
  process.exit();
}

/** Resolves when the stream has taken everything; nobody may be reading it any more. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableEnded) resolve();
    else stream.write('', () => resolve());
  });
}
