/** Whether a path is a folder or lies below it; both absolute. */
export function liesIn(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder.replace(/\/+$/, '')}/`);
}
