import { commandLine, parentOf, processIdentity } from './processes.ts';

const checkIntervalMs = 500;

/**
 * Calls `gone` once when one of the npm processes that started this one has ended. `npm start` stands two npm processes
 * away from the demo: when the outer one is killed, nobody would tell the demo. Started otherwise, it does nothing.
 * Gives a function that ends the watch.
 */
export function watchLaunchers(gone: (what: string) => void, env: NodeJS.ProcessEnv = process.env): () => void {
  const launchers = env['npm_lifecycle_event'] === undefined ? [] : npmAncestors();
  if (launchers.length === 0) {
    return () => undefined;
  }
  const timer = setInterval(() => {
    const lost = launchers.find(({ pid, identity }) => processIdentity(pid) !== identity);
    if (lost !== undefined) {
      clearInterval(timer);
      gone(lost.name);
    }
  }, checkIntervalMs);
  timer.unref();
  return () => clearInterval(timer);
}

interface Launcher {
  readonly pid: number;
  readonly identity: string | undefined;
  readonly name: string;
}

/** The unbroken row of npm processes, and the shells between them, above this process; from the nearest to the last npm. */
function npmAncestors(): Launcher[] {
  const row: Launcher[] = [];
  let sinceNpm: Launcher[] = [];
  for (let pid = parentOf(process.pid); pid !== undefined; pid = parentOf(pid)) {
    const [name = '', flag] = commandLine(pid);
    const isNpm = /^npm(\s|$)/.test(name) || commandLine(pid).some((word) => word.endsWith('npm-cli.js'));
    if (!(isNpm || (/(^|\/)(ba|da)?sh$/.test(name) && flag === '-c'))) {
      break;
    }
    sinceNpm.push({ pid, identity: processIdentity(pid), name: isNpm ? 'npm' : name });
    if (isNpm) {
      row.push(...sinceNpm);
      sinceNpm = [];
    }
  }
  return row;
}
