/** Metadata of each object: which put made it. So a lost answer can be told from somebody else's object. */
export const PUT_ID = 'caretaker-put';
