/** Asks the visitor before the page goes with what is on no disk. The browser puts the question its own way. */
export function askBeforeLeaving(page: Pick<EventTarget, 'addEventListener'>, unsaved: () => boolean) {
  page.addEventListener('beforeunload', (event) => {
    if (unsaved()) event.preventDefault();
  });
}
