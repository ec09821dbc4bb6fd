/** Keeps this window up to date, over a WebSocket that is opened again when it breaks. */

import { announce } from "./dom.js";
import { change, forget, keep, ui } from "./store.js";

const AGAIN_AFTER = 1000; // milliseconds
let socket = null;
let watched = null;

/** Connects as the person this window is. */
export function connect() {
  socket?.close();
  forget();
  const address = new URL(`live?as=${encodeURIComponent(ui.person)}`, location.href);
  address.protocol = "ws:";
  const opened = (socket = new WebSocket(address));
  opened.onopen = () => {
    watched = null;
    change({ connected: true });
    watch();
  };
  opened.onmessage = (event) => {
    const { part, value } = JSON.parse(event.data);
    if (opened === socket) keep(part, value);
  };
  opened.onclose = (event) => {
    if (opened !== socket) return;
    change({ connected: false });
    if (event.reason) announce(event.reason);
    setTimeout(() => opened === socket && connect(), AGAIN_AFTER);
  };
}

/** Tells the server which tab of the drawer is open: nothing is sent for the others. */
export function watch() {
  if (socket?.readyState !== WebSocket.OPEN || watched === ui.drawer) return;
  watched = ui.drawer;
  socket.send(JSON.stringify({ drawer: ui.drawer }));
}
