/**
 * The code of the finding that another member than the configured one is beside the agent: what it reads is right, but it is
 * not of the member whose name it stands under.
 */
export const nameMismatch = 'MEMBER_NAME_MISMATCH';
