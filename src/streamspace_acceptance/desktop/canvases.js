// Installed into every frame before its own scripts run: what each canvas is drawn with, and by which script it was made.
// It changes nothing that a page can see, but for the text of the wrapped functions.
(() => {
  if (globalThis.__canvases) return;
  const drawn = new WeakMap(), makers = new WeakMap(), seen = new Set(), made = [], roots = [];
  const scripts = () => (new Error().stack || "").match(/(?:https?|blob|file):[^\s()]+?(?=:\d+:\d+)/g) || [];
  const wrap = (owner, name, note) => {
    const original = owner[name];
    owner[name] = new Proxy(original, { apply(target, self, given) { return note(target, self, given); } });
  };
  const count = (target, self, given) => {
    const result = Reflect.apply(target, self, given);
    if (self.canvas) drawn.set(self.canvas, (drawn.get(self.canvas) || 0) + 1);
    return result;
  };
  for (const name of ["drawImage", "putImageData", "fillRect"]) wrap(CanvasRenderingContext2D.prototype, name, count);
  wrap(Document.prototype, "createElement", (target, self, given) => {
    const element = Reflect.apply(target, self, given);
    if (element instanceof HTMLCanvasElement) {
      const urls = scripts().map((url) => url.split(/[?#]/)[0]);
      urls.forEach((url) => seen.add(url));
      makers.set(element, urls);
      made.push(new WeakRef(element));
    }
    return element;
  });
  // A screen may stand in a shadow tree, closed or open.
  wrap(Element.prototype, "attachShadow", (target, self, given) => {
    const root = Reflect.apply(target, self, given);
    roots.push(new WeakRef(root));
    return root;
  });
  globalThis.__canvases = {
    all() {
      const inside = roots.map((root) => root.deref()).filter(Boolean).flatMap((root) => [...root.querySelectorAll("canvas")]);
      const own = made.map((canvas) => canvas.deref()).filter((canvas) => canvas && canvas.isConnected);
      return new Set([...document.querySelectorAll("canvas"), ...inside, ...own]);
    },
    draws: (canvas) => drawn.get(canvas) || 0,
    isOf: (canvas, urls) => (makers.get(canvas) || []).some((url) => urls.includes(url)),
    // Whether one of these scripts has made a canvas, though it may have been removed since.
    wasMadeBy: (urls) => urls.some((url) => seen.has(url)),
  };
})();
