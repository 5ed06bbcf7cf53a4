import { stored } from '../words/stored.ts';

const kept = stored('sessionStorage', 'etcd-caretaker.token');

/** The token of this tab; it is gone with it. */
export function storedToken(): string | undefined {
  return kept.get();
}

/** Keeps a token for this tab, or forgets the one that is there. */
export function keepToken(token: string | undefined): void {
  kept.set(token);
}

/** Whether a text can be one: what a header cannot carry was never the agent's. Pure. */
export function mayBeToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** What goes along with every request. */
export function authorization(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
