// Counts what a page that shows a desktop receives, sends and draws. Installed into the frame that shows it, with a point of the screen, in pixels of
// the framebuffer: a picture is a frame of the browser in which that point has another colour. What is drawn over before
// the browser shows it, no user sees.
(canvas, [x, y]) => {
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  const send = WebSocket.prototype.send;
  const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
  const seen = new WeakSet();
  const size = (body) => body.byteLength ?? body.size ?? body.length;
  let counts, drawn, shown, due = false;
  const begin = () => { counts = { began: performance.now(), received: 0, sent: 0, pictures: [] }; };
  begin();

  const show = () => {
    due = false;
    if (shown !== undefined && drawn !== shown) counts.pictures.push(performance.now());
    shown = drawn;
  };
  CanvasRenderingContext2D.prototype.drawImage = function (...image) {
    draw.apply(this, image);
    if (this.canvas !== canvas) return;
    drawn = canvas.getContext("2d").getImageData(x, y, 1, 1).data.slice(0, 3).join();
    if (!due) { due = true; requestAnimationFrame(show); }
  };
  WebSocket.prototype.send = function (body) { counts.sent += size(body); return send.call(this, body); };
  // The client reads each message's data once or more; its page has no other messages.
  Object.defineProperty(MessageEvent.prototype, "data", { ...data, get() {
    const body = data.get.call(this);
    if (this.target instanceof WebSocket && !seen.has(this)) { seen.add(this); counts.received += size(body); }
    return body;
  } });

  globalThis.streamMeter = {
    // What was counted since the last call; times are in milliseconds.
    take() {
      const taken = counts, now = performance.now();
      begin();
      return { seconds: (now - taken.began) / 1000, received: taken.received, sent: taken.sent,
        pictures: taken.pictures.length };
    },
  };
}
