// Offers the browser's time zone where a visitor has not chosen one. The page works without.
for (const input of document.querySelectorAll("input[data-hint=zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // Browsers that hide where they are say UTC.
  if (zone && zone !== "UTC" && input.value === input.defaultValue) input.value = zone;
}
