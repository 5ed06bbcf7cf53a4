import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { faultOf } from '../../cluster/agent-error.ts';
import type { Fault } from '../../cluster/observation.ts';

/** Far more than anybody's webhooks need. */
const largestFileBytes = 64 * 1024;
const mostUrls = 32;

/** The webhooks in a file, one URL a line, and what is wrong with it: nothing of its content is shown. */
export interface WebhookLines {
  readonly urls: readonly URL[];
  readonly faults: readonly Fault[];
}

/** Reads the file; undefined urls where it cannot be read. Never rejects. */
export async function readWebhookFile(path: string): Promise<WebhookLines | { readonly faults: readonly Fault[] }> {
  let text: string;
  try {
    // Without O_NONBLOCK a named pipe at this path would wait for its writer.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { size } = await file.stat();
    if (size > largestFileBytes) {
      return { faults: [fault(`The file ${path} is larger than 64 KiB.`, 'Is it the right file?')] };
    }
    text = await file.readFile('utf8');
  } catch (error) {
    return { faults: [fault(`The file ${path} cannot be read: ${faultOf(error).code}.`, 'Look at its rights.')] };
  }
  const urls: URL[] = [];
  const faults: Fault[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const url = URL.parse(trimmed);
    const isUrl = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
    if (!isUrl) faults.push(fault(`Line ${index + 1} of ${path} is no http:// or https:// URL.`, 'One URL a line.'));
    else if (urls.length === mostUrls) faults.push(fault(`${path} has more than ${mostUrls} URLs.`, 'Remove some.'));
    else urls.push(url);
  }
  return { urls, faults };
}

function fault(message: string, remedy: string): Fault {
  return { code: 'WEBHOOK_FILE', message, remedy };
}
