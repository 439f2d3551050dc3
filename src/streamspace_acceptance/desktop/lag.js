// Watches one pixel of the noVNC screen: from the time stamp of an input event to the drawing that changes the pixel.
// Installed into the frame that shows a desktop, with the point as fractions of its canvas. Times are in milliseconds of
// performance.now(), which is the clock of Event.timeStamp as well.
(canvas, [across, down]) => {
  const x = Math.floor(across * canvas.width), y = Math.floor(down * canvas.height);
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  const send = WebSocket.prototype.send;
  const pixel = () => Array.from(canvas.getContext("2d").getImageData(x, y, 1, 1).data.subarray(0, 3));
  const differs = (one, other) => one.some((value, channel) => Math.abs(value - other[channel]) > 24);
  let before, since, done, delay = 0, waiting = 0, drifts = [];

  CanvasRenderingContext2D.prototype.drawImage = function (...image) {
    draw.apply(this, image);
    if (this.canvas !== canvas || !done || since === undefined || !differs(pixel(), before)) return;
    done(performance.now() - since);
    done = undefined;
  };

  // The self-check: what is sent waits for so long. Nothing overtakes what waits already.
  WebSocket.prototype.send = function (data) {
    if (!delay && !waiting) { send.call(this, data); return; }
    waiting += 1;
    const kept = data.slice();  // noVNC uses its buffer again
    setTimeout(() => { waiting -= 1; send.call(this, kept); }, delay);
  };

  // How late the page itself is: a timer of 10 ms that comes later than that was kept waiting by the machine.
  let due = performance.now() + 10;
  setInterval(() => { const now = performance.now(); drifts.push(Math.max(0, now - due)); due = now + 10; }, 10);

  const stamp = (event) => { if (done && since === undefined) since = event.timeStamp; };
  addEventListener("keydown", stamp, true);
  addEventListener("mousedown", stamp, true);

  globalThis.lagProbe = {
    // From now on the next key press or click counts.
    arm() { before = pixel(); since = undefined; this.answer = new Promise((resolve) => { done = resolve; }); },
    // Its lag, null when nothing has changed within `patience`.
    result(patience) {
      const late = new Promise((resolve) => { setTimeout(resolve, patience, null); });
      return Promise.race([this.answer, late]);
    },
    delayBy(milliseconds) { delay = milliseconds; },
    takeDrifts() { const taken = drifts; drifts = []; return taken; },
  };
}
