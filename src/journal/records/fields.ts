import type { JournalValue } from '../../cluster/caretaking.ts';

/** Something in a record that is not what its format says. Never leaves `records/`: parsing turns it into `garbage`. */
class UnexpectedField extends Error {}

/** Checks one value and gives it its type. Throws where it is something else; `path` says where it stood. */
export type Read<T> = (value: JournalValue | undefined, path: string) => T;

export const text: Read<string> = (value, path) =>
  typeof value === 'string' ? value : unexpected(path, 'a text', value);

/** What stands there only where it is so. */
export const yes: Read<true> = (value, path) => (value === true ? true : unexpected(path, 'true', value));

/** JSON has no other numbers, but `1e999` is read as Infinity. */
export const finite: Read<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : unexpected(path, 'a number', value);

/** A revision or an epoch: decimal text, 0 up to int64's largest. */
export const decimal: Read<bigint> = (value, path) => {
  const integer = typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
  return integer !== undefined && integer < 2n ** 63n ? integer : unexpected(path, 'a revision in decimal text', value);
};

export function oneOf<const T extends string>(choices: readonly T[]): Read<T> {
  return (value, path) =>
    choices.find((choice) => choice === value) ?? unexpected(path, `one of ${choices.join(', ')}`, value);
}

export function list<T>(read: Read<T>): Read<readonly T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((each: JournalValue, index) => read(each, `${path}[${index}]`))
      : unexpected(path, 'a list', value);
}

export function map<T>(read: Read<T>): Read<Readonly<Record<string, T>>> {
  return (value, path) =>
    Object.fromEntries(
      Object.entries(object(value, path)).map(([name, each]) => [name, read(each, `${path}.${name}`)]),
    );
}

/** An object with whatever is in it. */
export const object: Read<Readonly<Record<string, JournalValue>>> = (value, path) =>
  isObject(value) ? value : unexpected(path, 'an object', value);

/** The fields of one object, read by name. Fields that nobody asks for are left alone: later versions may add some. */
export class Fields {
  readonly #object: Readonly<Record<string, JournalValue>>;
  readonly #path: string;

  /** @param path where the object stands in the record: empty for the record itself */
  constructor(value: JournalValue | undefined, path = '') {
    this.#path = path;
    this.#object = object(value, path);
  }

  need<T>(name: string, read: Read<T>): T {
    return read(this.#own(name), this.#path === '' ? name : `${this.#path}.${name}`);
  }

  /** For spreading: nothing where the field is absent. */
  may<K extends string, T>(name: K, read: Read<T>): Partial<Record<K, T>> {
    if (this.#own(name) === undefined) return {};
    return { [name]: this.need(name, read) } as Partial<Record<K, T>>;
  }

  #own(name: string): JournalValue | undefined {
    return Object.hasOwn(this.#object, name) ? this.#object[name] : undefined;
  }
}

function isObject(value: JournalValue | undefined): value is Readonly<Record<string, JournalValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Says what was found by its type only: a value could be anything, also a secret. */
function unexpected(path: string, wanted: string, value: JournalValue | undefined): never {
  const found =
    value === undefined ? 'nothing' : value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  throw new UnexpectedField(`${path === '' ? 'the record' : path} must be ${wanted}, and ${found} was found`);
}
