// The one script of both pages.
import { startPage } from "./app.js";
import { startExplorer } from "./explorer.js";

void (document.getElementById("ledger") === null ? startPage() : startExplorer());
