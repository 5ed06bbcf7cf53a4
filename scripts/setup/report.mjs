/** A set-up step that cannot be done; its message says what a person has to do. */
export class SetupError extends Error {}

/** One line about a step that takes a while; set-up says nothing when there is nothing to do. */
export const say = (line) => process.stderr.write(`set-up: ${line}\n`);
