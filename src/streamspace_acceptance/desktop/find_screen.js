// Finds the client's screen in one frame, keeps it in globalThis.__screen and tells how well it fits; null without one.
// `size`: the desktop's own pixels, as its server told the page; `scripts`: the client's. A canvas on which nothing is
// drawn is no screen, nor is one that is smaller than any desktop, or that neither belongs to the client nor can.
({ selector, size, scripts, least }) => {
  const known = globalThis.__canvases;  // none in a page that was not prepared
  const all = selector ? document.querySelectorAll(selector) : known ? known.all() : document.querySelectorAll("canvas");
  const rank = (canvas) => {
    const box = canvas.getBoundingClientRect();
    const shown = canvas.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    if (!shown || box.width < 1 || box.height < 1) return null;
    if (!known) return [0, 0, box.width * box.height];
    if (canvas.width < least[0] || canvas.height < least[1] || !known.draws(canvas)) return null;
    const own = known.isOf(canvas, scripts), same = size && canvas.width === size[0] && canvas.height === size[1];
    return own || size || selector ? [Number(Boolean(same)), Number(own), box.width * box.height] : null;
  };
  const better = (one, other) => one.rank.reduce((found, value, n) => found || value - other.rank[n], 0);
  const fits = [...all].filter((each) => each instanceof HTMLCanvasElement)
    .map((canvas) => ({ canvas, rank: rank(canvas) })).filter((each) => each.rank);
  fits.sort((one, other) => better(other, one));
  globalThis.__screen = fits.length ? fits[0].canvas : null;
  return fits.length ? fits[0].rank : null;
}
