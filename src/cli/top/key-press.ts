import { memberSorts, prefixSorts, type View } from './view.ts';

/** What a key asks for. */
export type KeyPress = 'quit' | 'interrupt' | 'pause' | 'help' | 'other-table' | 'next-sort' | 'former-sort' | 'depth';

const keys: ReadonlyMap<string, KeyPress> = new Map([
  ['q', 'quit'],
  ['Q', 'quit'],
  ['\x03', 'interrupt'],
  ['p', 'pause'],
  [' ', 'pause'],
  ['?', 'help'],
  ['h', 'help'],
  ['\t', 'other-table'],
  ['\x1b[C', 'next-sort'],
  ['\x1bOC', 'next-sort'],
  ['\x1b[D', 'former-sort'],
  ['\x1bOD', 'former-sort'],
  ['d', 'depth'],
]);

/** The keys in what a terminal in raw mode has sent; what means nothing here is left out. */
export function keyPresses(text: string): readonly KeyPress[] {
  // Sequences of escape first, else their letters would be taken for keys.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
  const sent = text.match(/\x1b[[O][0-9;]*[A-Za-z~]|[\s\S]/gu) ?? [];
  return sent.flatMap((one) => keys.get(one) ?? []);
}

/** The view after a key; `depths` are those that the agent keeps, `depth` is the one that is shown. */
export function pressed(
  view: View,
  key: KeyPress,
  { depths, depth }: { readonly depths: readonly number[]; readonly depth: number | undefined },
): View {
  switch (key) {
    case 'help':
      return { ...view, help: !view.help };
    case 'other-table':
      return { ...view, chosen: view.chosen === 'members' ? 'prefixes' : 'members' };
    case 'next-sort':
      return sorted(view, 1);
    case 'former-sort':
      return sorted(view, -1);
    case 'depth': {
      const next = depths.find((one) => one > (depth ?? 0)) ?? depths[0];
      return next === undefined ? view : { ...view, depth: next };
    }
    default:
      return view;
  }
}

function sorted(view: View, by: 1 | -1): View {
  return view.chosen === 'members'
    ? { ...view, members: turned(memberSorts, view.members, by) }
    : { ...view, prefixes: turned(prefixSorts, view.prefixes, by) };
}

/** The next of a list, around its end. */
function turned<T>(list: readonly T[], from: T, by: 1 | -1): T {
  return list.at((list.indexOf(from) + by) % list.length) ?? from;
}
