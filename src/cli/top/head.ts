import { isCandidateId } from '../../cluster/caretaking.ts';
import type { AsJson } from '../../expose/as-json.ts';
import { backupFacts, headlineOf } from '../../expose/headline.ts';
import type { Status } from '../../expose/status.ts';
import { ago, clock } from './figures.ts';
import type { Glyphs } from './glyphs.ts';
import { dimmed, type Line, lineOf, type Style, span, wrapLine } from './line.ts';
import { faultOfPart, given, type Parts } from './parts.ts';
import { type Seen, staleSinceMs } from './seen.ts';
import type { FrameOptions, Size } from './view.ts';

const MOST_HEADLINES = 3;
/** With fewer rows only what is wrong stands above. */
const LOW_ROWS = 14;

/** What stands above everything: whose words these are and how old, the worst that is true, and what keeps the agents from acting. */
export function headLines(
  seen: Seen,
  { columns, rows }: Size,
  nowMs: number,
  options: FrameOptions,
  glyphs: Glyphs,
): readonly Line[] {
  const { parts } = seen;
  const { status } = parts;
  const stale = staleLines(seen, nowMs).flatMap((line) => wrapLine(line, columns, MOST_HEADLINES, glyphs.ellipsis));
  const said = [
    ...(status === undefined
      ? [lineOf('The agent has not said yet how the cluster is.', 'warn')]
      : wrapLine(headlineLine(status, parts, nowMs), columns, MOST_HEADLINES, glyphs.ellipsis)),
    ...(status === undefined || rows < LOW_ROWS
      ? []
      : wrapLine(agentsLine(status, parts), columns, 2, glyphs.ellipsis)),
    ...(status === undefined ? [] : pauseLines(status, nowMs)),
    ...breakerLines(parts),
  ];
  return [titleLine(seen, nowMs, options), ...stale, ...(stale.length === 0 ? said : said.map(dimmed))];
}

function titleLine({ agent, parts: { status } }: Seen, nowMs: number, { pausedAtMs }: FrameOptions): Line {
  const observedAtMs = Date.parse(status?.agent.observedAt ?? '');
  const observed = Number.isNaN(observedAtMs) ? 'not observed yet' : `observed ${ago(observedAtMs, nowMs)} ago`;
  const of = status === undefined ? agent : `${status.cluster.name}, by the agent beside ${status.agent.member}`;
  return [
    ...(pausedAtMs === undefined ? [] : [span(`SCREEN PAUSED at ${clock(pausedAtMs)}`, 'alert'), span(' ')]),
    span(`${clock(nowMs)} UTC  `, 'dim'),
    span(of, 'strong'),
    span(`, ${observed}`, 'dim'),
  ];
}

function staleLines(seen: Seen, nowMs: number): readonly Line[] {
  const sinceMs = staleSinceMs(seen, nowMs);
  if (sinceMs === undefined) return [];
  const why = seen.fault === undefined ? '' : ` ${seen.fault.message}`;
  return [
    [
      span(`NOTHING CAME for ${ago(sinceMs, nowMs)}: what follows is as of ${clock(sinceMs)} UTC.`, 'alert'),
      span(why),
      span(' Trying again.'),
    ],
  ];
}

function headlineLine(status: AsJson<Status>, parts: Parts, nowMs: number): Line {
  // Whoever leads knows of backups, not the agent that is asked.
  const { state, word, text } = headlineOf(status, nowMs, backupFacts(given(parts.backups) ?? status.backups));
  const style: Style =
    state === 'healthy' ? 'good' : state === 'unwell' || state === 'degraded' || state === 'unknown' ? 'warn' : 'alert';
  return [span(word, style), span(text.slice(word.length), style === 'good' ? 'plain' : 'strong')];
}

function agentsLine({ agents, leader, armed, journalConnected, members }: AsJson<Status>, parts: Parts): Line {
  if (agents === undefined) return lineOf('Agents: they only observe.', 'dim');
  const registered = agents.filter(({ id }) => !isCandidateId(id)).length;
  const arming = given(parts.decisions)?.arming;
  const unknown = faultOfPart(parts.decisions);
  return [
    span(`Agents: ${registered} of ${members.length}, `),
    leader === undefined
      ? span('none leads', 'warn')
      : span(`the one beside ${leader.name} leads (epoch ${leader.epoch})`),
    armed === true ? span(', armed') : span(`, not armed yet${arming === undefined ? '' : `: ${arming}`}`, 'warn'),
    ...(journalConnected === false ? [span('; as last seen: etcd does not tell now', 'warn')] : []),
    ...(unknown === undefined ? [] : [span(`; decisions not known: ${unknown}`, 'warn')]),
  ];
}

function pauseLines({ paused, pausedHere }: AsJson<Status>, nowMs: number): readonly Line[] {
  return [
    ...(paused === undefined
      ? []
      : [
          [
            span('PAUSED', 'alert'),
            span(` for another ${ago(nowMs, Date.parse(paused.until))}, by ${paused.by}: ${paused.reason}`, 'warn'),
          ],
        ]),
    ...(pausedHere === undefined ? [] : [[span('PAUSED', 'alert'), span(` this agent: ${pausedHere}`, 'warn')]]),
  ];
}

function breakerLines(parts: Parts): readonly Line[] {
  const open = given(parts.decisions)?.breakers ?? [];
  if (open.length === 0) return [];
  const policies = open.map(({ policy, failures }) => `${policy} (${failures} failures)`).join(', ');
  return [
    [span('STOPPED', 'bad'), span(` after failures: ${policies}; \`etcd-caretaker resume\` lets them go on`, 'warn')],
  ];
}
