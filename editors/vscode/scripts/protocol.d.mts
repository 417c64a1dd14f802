/** The generated files with their contents. */
export function generated(): Array<[path: string, content: string]>;
