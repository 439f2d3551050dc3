// A button by which a user leaves what covers the screen: consent, or a welcome. Its middle in the frame and its text; null.
// `canvas` is the screen, or the frame that holds it where the document around that covers it.
(canvas, words) => {
  const name = (element) => (element.innerText || element.value || element.getAttribute("aria-label") || "").trim();
  // A picture may stand before the words, as a sign of its own or in a line of its own.
  const lines = (element) => name(element).split("\n").map((line) => line.replace(/^[^\p{L}]+/u, ""));
  const says = (element) => lines(element).some((line) => words.some((word) => new RegExp(`^${word}(?![a-z])`, "i").test(line)));
  const middle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const isOnTop = (element) => {
    const there = element.getRootNode().elementFromPoint(...middle(element));
    return Boolean(there) && (there === element || element.contains(there));
  };
  const buttons = "button, [role=button], input[type=button], input[type=submit], a[href], a[onclick]";
  const roots = [canvas.ownerDocument];
  for (const root of roots) for (const each of root.querySelectorAll("*")) if (each.shadowRoot) roots.push(each.shadowRoot);
  const found = roots.flatMap((root) => [...root.querySelectorAll(buttons)]).filter(says).find(isOnTop);
  return found ? { point: middle(found), label: name(found) } : null;
}
