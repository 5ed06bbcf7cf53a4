import { stderr } from 'node:process';

/** The oldest Node that has what the agent needs: zstd, `process.execve`, types stripped in development. */
const oldestMajor = 24;

if (Number.parseInt(process.versions.node, 10) < oldestMajor) {
  stderr.write(
    `error: etcd-caretaker needs Node ${oldestMajor}, this is ${process.versions.node}\n` +
      '  to do: start bin/etcd-caretaker, which uses the Node of the npm package `node`\n',
  );
  process.exitCode = 2;
} else {
  // Imported only now: an older Node could not even read it.
  const { useCompileCache } = await import('./cli/compile-cache.ts');
  useCompileCache(process.env);
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(process.argv.slice(2));
  const { endProcess } = await import('./cli/end-process.ts');
  await endProcess();
}
