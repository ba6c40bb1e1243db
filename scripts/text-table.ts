/** Lines of cells under their titles in aligned columns; the first `left` columns to the left, the rest to the right. */
export function textTable(head: readonly string[], lines: readonly (readonly string[])[], left: number): string {
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i].length)));
  return [head, ...lines]
    .map((line) => line.map((cell, i) =>
      (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '))
    .join('\n');
}
