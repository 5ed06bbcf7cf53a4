import { demoMark } from './child.ts';

/**
 * The environment of the demo's processes: this one's, with the mark of the run and without what would steer etcd
 * (`ETCD_NAME` beside `--name` is an error to it) or set keys of the agents' configuration for all of them alike.
 */
export function childEnvironment(env: NodeJS.ProcessEnv, run: string): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('ETCD_') || name === 'ETCD_UNSUPPORTED_ARCH');
  return { ...Object.fromEntries(kept), [demoMark]: run };
}
