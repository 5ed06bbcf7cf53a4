import { faultOf } from '../cluster/agent-error.ts';

/** Prints one clear error on stderr: what, where, what to do. The stack only where a person asked for it. */
export function reportError(error: unknown, options: { readonly debug: boolean }): void {
  const fault = faultOf(error);
  const where = fault.member === undefined ? '' : ` [${fault.member}]`;
  const lines = [`error: ${fault.message}${where} (${fault.code})`];
  if (fault.remedy !== undefined) {
    lines.push(`  to do: ${fault.remedy}`);
  }
  if (options.debug && error instanceof Error && error.stack !== undefined) {
    lines.push(error.stack);
  }
  process.stderr.write(`${lines.join('\n')}\n`);
}
