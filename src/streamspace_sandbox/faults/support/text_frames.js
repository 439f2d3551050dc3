// Text frames of base64, read as the binary messages that noVNC expects.
{
  const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data");
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  Object.defineProperty(MessageEvent.prototype, "data", { ...data, get() {
    const body = data.get.call(this);
    return typeof body === "string" && this.target instanceof WebSocket ? bytes(body) : body;
  } });
}
