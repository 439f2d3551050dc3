// A button by which a user leaves what covers the screen: consent, or a welcome. Its middle in the frame and its text; null.
(canvas, words) => {
  const name = (element) => (element.innerText || element.value || element.getAttribute("aria-label") || "").trim();
  const says = (element) => words.some((word) => new RegExp(`^${word}(?![a-z])`, "i").test(name(element)));
  const middle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const isOnTop = (element) => {
    const there = element.getRootNode().elementFromPoint(...middle(element));
    return Boolean(there) && (there === element || element.contains(there));
  };
  const buttons = "button, [role=button], input[type=button], input[type=submit], a[href], a[onclick]";
  const found = [...canvas.ownerDocument.querySelectorAll(buttons)].filter(says).find(isOnTop);
  return found ? { point: middle(found), label: name(found) } : null;
}
