import { AgentError } from '../../cluster/agent-error.ts';
import type { Agents } from '../any-agent.ts';
import { printed } from '../printed.ts';
import type { Format } from '../show.ts';
import { escapeCodes, showsColour } from './escape-codes.ts';
import { frame } from './frame.ts';
import { isUtf8Locale } from './glyphs.ts';
import { missingParts } from './parts.ts';
import type { Seen } from './seen.ts';
import { firstView } from './view.ts';
import { watch } from './watch.ts';

/** Longer than an agent waits for another one that hangs. */
const WAIT_MS = 10_000;
/** Where no terminal says how large it is. */
const PAGE = { columns: 120, rows: 60 };

/** One frame, or all parts as data, as soon as everything has come. Throws where no agent could be reached. */
export async function once(agents: Agents, output: Format, signal: AbortSignal): Promise<void> {
  const seen = await whole(agents, signal);
  if (output !== 'table') {
    process.stdout.write(await printed(seen.parts, output));
    return;
  }
  const { stdout, env } = process;
  const size = {
    columns: stdout.columns || Number(env['COLUMNS']) || PAGE.columns,
    rows: Number(env['LINES']) || PAGE.rows,
  };
  const shows = { colour: showsColour(stdout), unicode: isUtf8Locale(env) };
  const lines = frame(seen, size, Date.now(), { view: firstView, unicode: shows.unicode, keys: false });
  stdout.write(lines.map((line) => `${escapeCodes(line, shows).trimEnd()}\n`).join(''));
}

/** Everything there is to know; what has come, with a note on stderr, where some of it does not come. */
async function whole(agents: Agents, signal: AbortSignal): Promise<Seen> {
  const late = AbortSignal.timeout(WAIT_MS);
  let newest: Seen | undefined;
  try {
    for await (const seen of watch(agents, AbortSignal.any([signal, late]))) {
      newest = seen;
      if (missingParts(seen.parts).length === 0) return seen;
    }
  } catch (error) {
    if (!late.aborted || signal.aborted) throw error;
  }
  if (newest === undefined) {
    throw new AgentError('AGENT_UNREACHABLE', `No agent has said within ${WAIT_MS / 1000} s how the cluster is.`, {
      remedy: 'Look at the log of the agent, or name another one with --agent.',
    });
  }
  process.stderr.write(`note: not come within ${WAIT_MS / 1000} s: ${missingParts(newest.parts).join(', ')}\n`);
  return newest;
}
