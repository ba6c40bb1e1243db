/** A scene's prompt as a sentence to read: the world begins it with the domain, which is for the model. */

/** "Rigid, a clay box falls" becomes "A clay box falls"; a file's name stays as it is. */
export function sceneSentence(description: string): string {
  const told = description.replace(/^(rigid|fluid|thermal|optics?), /i, '');
  return told === description ? description : told.charAt(0).toUpperCase() + told.slice(1);
}
