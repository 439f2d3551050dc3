import RFB from "/novnc/core/rfb.js";

// A desktop may go away for a moment, when its pod is replaced. The page comes back to it by itself.
const RETRY_MS = 1000;
const GIVE_UP_MS = 5 * 60 * 1000;

const session = document.body.dataset.session;
const screen = document.getElementById("screen");
const status = document.getElementById("status");
let lostSince = performance.now();

function show(state, text = state) {
  status.dataset.state = state;
  status.textContent = text;
  document.title = `${session} · ${text}`;
}

function socketUrl() {
  const url = new URL(`/api/v1/vnc/${session}`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = new URLSearchParams({ token: new URLSearchParams(location.search).get("token") }).toString();
  return url.href;
}

function connect() {
  show("connecting");
  const rfb = new RFB(screen, socketUrl(), { shared: true });
  rfb.scaleViewport = true;
  rfb.background = "#10161d";
  rfb.addEventListener("connect", () => {
    lostSince = null;
    show("connected");
    rfb.focus();
  });
  rfb.addEventListener("securityfailure", (event) => show("refused", event.detail.reason || "refused"));
  rfb.addEventListener("disconnect", () => {
    lostSince ??= performance.now();
    if (performance.now() - lostSince < GIVE_UP_MS) {
      show("disconnected", "disconnected, trying again");
      setTimeout(connect, RETRY_MS);
    } else {
      show("disconnected");
    }
  });
  // The console and tests find the connection here.
  window.rfb = rfb;
}

connect();
