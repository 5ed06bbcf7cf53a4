import { faultOf } from '../cluster/agent-error.ts';
import { fitted } from './fitted.ts';
import { lookOf } from './look.ts';

/** Prints one clear error on stderr: what, where, what to do. The stack only where a person asked for it. */
export function reportError(error: unknown, options: { readonly debug: boolean }): void {
  const fault = faultOf(error);
  const where = fault.member === undefined ? '' : ` [${fault.member}]`;
  const { paint, columns } = lookOf(process.stderr);
  const lines = [`${paint('red', 'error:')} ${fault.message}${where} (${fault.code})`];
  if (fault.remedy !== undefined) {
    lines.push(`  to do: ${fault.remedy}`);
  }
  if (options.debug && error instanceof Error && error.stack !== undefined) {
    lines.push(error.stack);
  }
  process.stderr.write(`${fitted(lines.join('\n'), columns)}\n`);
}
