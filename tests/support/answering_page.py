"""A page that answers each input after `answerAfter` milliseconds, with a change of its screen."""

# A screen that is drawn as noVNC draws its own: from a picture of its own, by drawImage.
PAGE = """<!doctype html><body style="margin:0"><canvas width=200 height=100></canvas><script>
const canvas = document.querySelector("canvas"), screen = canvas.getContext("2d");
const back = Object.assign(document.createElement("canvas"), { width: 200, height: 100 }), draw = back.getContext("2d");
let on = false, deaf = false;
const flip = () => { screen.drawImage(back, 0, 0); };
const answer = (event) => {
  if (deaf) return;
  const due = event.timeStamp + globalThis.answerAfter;
  const wait = () => {
    if (performance.now() < due) { setTimeout(wait, 0); return; }
    on = !on; draw.fillStyle = on ? "#c04020" : "#2060c0"; draw.fillRect(80, 40, 40, 20); flip();
  };
  wait();
};
addEventListener("keydown", answer); addEventListener("mousedown", answer);
setInterval(() => { draw.fillStyle = `rgb(${Math.random() * 255},0,0)`; draw.fillRect(0, 0, 20, 20); flip(); }, 5);
</script>"""
