// What a user sees of a page besides its screen: a button to connect with, a field for a password, a notice.
// Each is a box in the frame, or a text; null where there is none.
({ connect, words, password, notice }) => {
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.disabled;
  const roots = [document];
  for (const root of roots) for (const each of root.querySelectorAll("*")) if (each.shadowRoot) roots.push(each.shadowRoot);
  const find = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]).filter(seen);
  const box = (element) => {
    if (!element) return null;
    const { x, y, width, height } = element.getBoundingClientRect();
    return width && height ? [x + width / 2, y + height / 2] : null;
  };
  const name = (element) => (element.innerText || element.value || element.getAttribute("aria-label") || element.title || "").trim();
  // A picture may stand before the words, as a sign of its own or in a line of its own.
  const lines = (element) => name(element).split("\n").map((line) => line.replace(/^[^\p{L}]+/u, ""));
  const says = (element) => lines(element).some((line) => words.some((word) => new RegExp(`^${word}(?![a-z])`, "i").test(line)));
  const buttons = "button, [role=button], input[type=button], input[type=submit], a[href], a[onclick]";
  // A plain box that looks like a button, or a picture to click on.
  const clickable = (element) => name(element).length < 60 && (element.matches(buttons) || getComputedStyle(element).cursor === "pointer");
  // noVNC's own page calls its button noVNC_connect_button in every language.
  const named = (element) => /(?<!dis|re)connect/i.test(element.id) && clickable(element);
  const button = connect ? find(connect)[0]
    : find(buttons).find(says) || find("div, span, label, p, img").filter(says).find(clickable) || find("[id]").find(named);
  const field = find(password || "input[type=password]")[0];
  const user = field && field.form ? [...field.form.querySelectorAll("input[type=text], input:not([type])")].find(seen) : null;
  const told = find(notice).map(name).find((text) => text && /disconnect|lost|fail|refus|closed|denied|error/i.test(text));
  return { connect: box(button), label: button ? name(button) : "", password: box(field), user: box(user), notice: told || "" };
}
