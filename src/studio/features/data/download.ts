/** Hands a text to the visitor as a file. */
export function download(name: string, type: string, text: string) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the link after this task; the text may go a while later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
