/** Asks the visitor before the page goes with what is on no disk; the browser has its own words for it. */
export function askBeforeLeaving(page: Pick<EventTarget, 'addEventListener'>, unsaved: () => boolean) {
  page.addEventListener('beforeunload', (event) => {
    if (unsaved()) event.preventDefault();
  });
}
