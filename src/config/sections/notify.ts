import * as z from 'zod';
import { duration, secretFile } from '../leaves.ts';
import { receiverUrls } from '../receiver-url.ts';

/** Who is told what the agents do. */
export const notifySection = z
  .strictObject({
    alertmanager: receiverUrls('Alertmanagers, each of which is sent everything (API v2).').prefault([]),
    webhooks: receiverUrls('URLs to which each event is posted as JSON.', { secret: true }).prefault([]),
    webhookFile: secretFile(
      'File with further webhooks, one URL a line, for URLs that hold a secret. Lines that begin with # are left out. Read again when it changes.',
    ).exactOptional(),
    timeout: duration('How long one attempt to tell a receiver may take.', 100, 60_000).prefault('5s'),
  })
  .meta({ description: 'Who is told of operations, pauses, and of what a person has to look at.' })
  .transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }));
