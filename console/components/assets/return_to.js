// The page to come back to after a sign-in at a provider, which always leads to `/`.
export default function () {
  const here = encodeURIComponent(location.pathname + location.search)
  document.cookie = `oratio_return=${here}; path=/; max-age=600; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`
}
