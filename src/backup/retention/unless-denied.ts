import { StoreError } from '../store/store.ts';

/** Whether it was done; false where the store does not allow it. Throws everything else. */
export async function unlessDenied(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_DENIED') return false;
    throw error;
  }
}
