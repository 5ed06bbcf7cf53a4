import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { PartsOf } from '../live/parts.ts';

/** The members of the cluster by id, and the place of each in the order of names, which is also its colour. */
export interface Names {
  readonly byId: ReadonlyMap<string, string>;
  readonly ordered: readonly string[];
}

export const NamesContext = createContext<Names>({ byId: new Map(), ordered: [] });

/** Pure: what the parts tell of names. */
export function namesOf({ status, members = [], histories }: PartsOf<'status' | 'members' | 'histories'>): Names {
  const byId = new Map<string, string>();
  for (const { memberId, member } of members) byId.set(memberId, member);
  for (const { id, name } of status?.agents ?? []) byId.set(id, name);
  for (const { id, name } of status?.members ?? []) if (name !== '') byId.set(id, name);
  const all = new Set([...(status?.members ?? []).map(calledOf), ...histories.map(({ member }) => member)]);
  return { byId, ordered: [...all].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })) };
}

/** A member that has never been started has no name. */
export function calledOf({ id, name }: { readonly id: string; readonly name: string }): string {
  return name === '' ? id : name;
}

/** Gives the name of a member by its id; what nobody knows stays an id. */
export function useNameOf(): (id: string) => string {
  const { byId } = useContext(NamesContext);
  return (id) => byId.get(id) ?? id;
}
