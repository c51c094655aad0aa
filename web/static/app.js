// Enhances pages that work without it: local times beside UTC, and the probe
// URL's field only where a pattern needs one, and the reader's time zone.
(function () {
  "use strict";

  const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" });
  const clockSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" });
  const day = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" });
  const utcZone = new Date().getTimezoneOffset() === 0;

  function localTimes(root) {
    if (utcZone) return;
    for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
      const at = new Date(time.dateTime);
      if (isNaN(at)) continue;
      time.dataset.local = "";
      const local = document.createElement("span");
      local.className = "local-time";
      const date = day.format(at);
      local.textContent = " (" + (date === time.dateTime.slice(0, 10) ? "" : date + " ") + ("seconds" in time.dataset ? clockSeconds : clock).format(at) + ")";
      time.append(local);
    }
  }

  function probeFields(root) {
    for (const kind of root.querySelectorAll("select[data-value-kind]")) {
      const probe = document.getElementById(kind.dataset.valueKind);
      if (!probe) continue;
      const show = () => { probe.closest(".field").hidden = kind.value !== "pattern" && probe.value === ""; };
      kind.addEventListener("change", show);
      show();
    }
  }

  // A time zone that nobody chose yet is the reader's own.
  function ownZones(root) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const field of root.querySelectorAll("input[data-own-zone]")) {
      if (own && field.value === "UTC") field.value = own;
    }
  }

  localTimes(document);
  probeFields(document);
  ownZones(document);
  document.addEventListener("htmx:load", (event) => localTimes(event.detail.elt.parentNode || document));
})();
