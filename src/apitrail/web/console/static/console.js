// The console with scripts: keys, no full reloads, live rows. Every page works without it.
// @ts-check
import { checking } from "./check.js";
import { keys } from "./keys.js";
import { follow } from "./live.js";
import { copying, shown } from "./page.js";
import { swapping } from "./swap.js";

swapping();
keys();
copying();
checking();
shown();
follow();
document.addEventListener("console:shown", () => {
  shown();
  follow();
});
