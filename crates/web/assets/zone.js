// The device's zone is kept in a cookie: pages show times in it, and what is new begins with it. A page that
// shows times in the zone `data-zone-hint`, because it knew of no other, is opened again in the device's zone.

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const cookie = `kd_zone=${zone}`;
const isKept = () => document.cookie.split("; ").includes(cookie);
if (zone && !isKept()) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${cookie}; Path=/; SameSite=Lax; Max-Age=31536000${secure}`;
}
const shown = document.querySelector("[data-zone-hint]")?.dataset.zoneHint;
const here = new URL(location.href);
if (zone && shown && shown !== zone && isKept() && !here.searchParams.has("tz")) {
  here.searchParams.set("tz", zone);
  location.replace(here);
}
