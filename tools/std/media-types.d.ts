// What this project uses of @std/media-types, for where it comes from npm without types. Add here what you import newly.

export function contentType(extensionOrType: string): string | undefined;
