// Before anything is painted, so that a chosen theme never flashes the other one. A file of its own: inline scripts are forbidden.
try {
  const theme = localStorage.getItem('theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.style.colorScheme = theme;
} catch {
  // Storage can be forbidden; the system's theme holds then.
}
