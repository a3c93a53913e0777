// The window on a sandbox: it shows what the stream of changes says, and its buttons are the control
// calls that any program can make.

import "./activity.js";
import { startControls } from "./controls.js";
import { $ } from "./dom.js";
import { connect } from "./feed.js";
import { startVisitors } from "./visitors.js";

$("address").textContent = location.origin;
startControls();
startVisitors();
connect((state, label) => {
  $("connection").dataset.state = state;
  $("connection").textContent = label;
});
