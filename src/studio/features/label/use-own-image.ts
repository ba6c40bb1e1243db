/** Takes an image from a file, the clipboard or a drop anywhere on the page, and says why where it cannot. */
import { useCallback, useEffect, useState } from 'react';
import { useStudio } from '../../stores/context.ts';
import { imageFromFile, ImageRefused } from './own-image.ts';

export function useOwnImage() {
  const studio = useStudio();
  const [refused, setRefused] = useState<string | null>(null);
  const [dragging, setDragging] = useState(false);

  const take = useCallback(async (file: File | null | undefined) => {
    if (!file) return;
    try {
      // How many pixels the model sees is known once it is there.
      const { clip: [, side] } = await studio.session.card();
      const image = await imageFromFile(file, side);
      const name = file.name || 'pasted image';
      studio.labelling.select({ kind: 'fixed', source: { kind: 'image', name, image }, still: image });
      setRefused(null);
    } catch (cause) {
      setRefused(cause instanceof ImageRefused ? cause.message : 'This image could not be read.');
    }
  }, [studio]);

  useEffect(() => {
    const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const paste = (event: ClipboardEvent) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file) void take(file);
    };
    const over = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      setDragging(false);
      void take(event.dataTransfer?.files[0]);
    };
    window.addEventListener('paste', paste);
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('paste', paste);
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, [take]);

  return { take, refused, dragging, forget: () => setRefused(null) };
}
