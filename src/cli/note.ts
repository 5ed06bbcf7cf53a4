/** Says what is worth knowing beside the data, such as an agent that did not answer. */
export type Note = (message: string) => void;

/** As every command does that shows something once. */
export const noteOnStderr: Note = (message) => {
  process.stderr.write(`note: ${message}\n`);
};
