import { InvalidArgumentError } from 'commander';
import { keyOfText } from '../cluster/key-text.ts';

/** A key of the command line, in which `\\xNN` is a byte, as commands print it. Throws `InvalidArgumentError`. */
export function parseKey(text: string): Buffer {
  const key = keyOfText(text);
  if (key !== undefined) return key;
  throw new InvalidArgumentError('A backslash in a key begins a byte, \\xNN. Write \\x5c for a backslash itself.');
}
