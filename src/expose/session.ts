import type { Caller, Means } from './http/access.ts';
import { refusal } from './http/access.ts';
import type { Who } from './http/route.ts';

/** What a caller may do, by what it has shown. @param name by what it is known in the audit */
export function whoIs(caller: Caller, means: Means, name: string): Who {
  const mayChange = refusal('change', caller, means) === undefined;
  return {
    token: caller.token,
    mayRead: refusal('read', caller, means) === undefined,
    mayChange,
    ...(mayChange ? { caller: name } : {}),
    takes: { token: means.tokens || means.readTokens, certificate: means.certificates },
  };
}
