// The page of one test, which has an address of its own (#…), is about that test alone. Allure changes the address
// without an event. Links to the plan's page open the plan that the report carries: the page itself may not be there.
const decision = document.getElementById("decision"), plan = document.getElementById("plan");
const place = () => { decision.hidden = location.hash.length > 1; };
for (const change of ["pushState", "replaceState"]) {
  const original = history[change];
  history[change] = function (...given) { original.apply(this, given); place(); };
}
addEventListener("hashchange", place); addEventListener("popstate", place); place();
addEventListener("click", (event) => {
  const [page, anchor] = (event.target.closest?.("a")?.getAttribute("href") ?? "").split("#");
  const here = plan?.contains(event.target) && page === "";
  if (!plan || !anchor || !(here || page.endsWith("PLAN_PAGE"))) return;
  event.preventDefault();
  event.stopPropagation();
  if (!plan.open) plan.showModal();
  for (const before of plan.querySelectorAll(".sought")) before.classList.remove("sought");
  const section = plan.querySelector(`[id="${CSS.escape(anchor)}"]`);
  section?.classList.add("sought");
  section?.scrollIntoView();
}, true);
plan?.querySelector("button").addEventListener("click", () => plan.close());
// Allure's shortcuts would take Enter, arrows and letters from the links of this part.
addEventListener("keydown", (event) => {
  if (decision.contains(event.target) || plan?.contains(event.target)) event.stopImmediatePropagation();
}, true);

// Allure's buttons that show a picture alone have no name, and its part of the page is no landmark.
const names = { "toggle-layout-button": "Change the layout", "test-result-nav-prev": "Previous",
  "test-result-nav-next": "Next", "test-result-error-header": "Copy the error",
  "test-result-attachment-header": "Open the attachment" };
const nameOf = ({ dataset: { testid = "" }, className, parentElement, previousElementSibling: before }) =>
  testid.endsWith("subtree-toggle") ? "Open or close all below"
  : /arrow(-button)?$/.test(testid) || className.includes("arrow-button") ? "Open or close"
  : before?.dataset.testid === "toggle-layout-button" ? "Change the theme"
  : names[testid] ?? names[parentElement.closest("[data-testid]")?.dataset.testid] ?? "More";
new MutationObserver(() => {
  document.getElementById("app")?.setAttribute("role", "main");
  for (const button of document.querySelectorAll("button:not([aria-label], [aria-labelledby], [title])"))
    if (!button.textContent.trim()) button.setAttribute("aria-label", nameOf(button));
}).observe(document.documentElement, { childList: true, subtree: true });
