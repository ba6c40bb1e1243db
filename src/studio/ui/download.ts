/** Hands a text or bytes to the visitor as a file. */
export function download(name: string, type: string, content: string | Uint8Array<ArrayBuffer>) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the link after this task; the content may go a while later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
