#!/usr/bin/env bash
# htmx.org 4.0.1: the script element of its README (quick start), with its integrity.
#
# Guess: the integrity in the README of a release is that of the file beside it, as in 2.0.11 and 4.0.0.
# Seen: it is still that of 4.0.0. A browser refuses the script, and a page that copies the element has no htmx:
#   nothing fails but a line in the console.
# Why it matters: who brings the file along and checks it by the published hash finds a file that "was changed";
#   so its checksum is to be taken from the registry's own integrity of the whole package.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

integrity() { printf 'sha384-%s\n' "$(openssl dgst -sha384 -binary "$1" | base64 --wrap=0)"; }

for version in 4.0.0 4.0.1; do
    mkdir "$version"
    npm pack --silent --pack-destination "$version" "htmx.org@$version" > /dev/null
    tar --extract --gzip --file "$version/htmx.org-$version.tgz" --directory "$version" --strip-components 1
    told=$(grep --only-matching --max-count 1 'sha384-[^"]*' "$version/README.md")
    is=$(integrity "$version/dist/htmx.min.js")
    printf 'htmx.org %s: README %s, file %s\n' "$version" "$told" "$is"
    printf '<!doctype html><script src="/%s/dist/htmx.min.js" integrity="%s"></script><p id="seen">%s</p>' \
        "$version" "$told" '<script>document.currentScript.after(typeof htmx)</script>' > "$version.html"
    [ "$told" = "$is" ] && echo same >> said || echo other >> said
done
if browser=$(command -v chromium); then
    : > log
    python3 -u -m http.server --bind 127.0.0.1 0 > log 2>&1 &
    server=$!
    until port=$(grep --only-matching 'port [0-9]*' log | cut -d ' ' -f 2) && [ -n "$port" ]; do sleep 0.1; done
    for version in 4.0.0 4.0.1; do
        seen=$("$browser" --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run \
            --user-data-dir="$folder/profile" --dump-dom "http://127.0.0.1:$port/$version.html" 2> /dev/null)
        printf 'in %s: htmx is of type %s\n' "$("$browser" --version)" "$(grep -o 'object\|undefined' <<< "${seen#*</script>}" | head -n 1)"
    done
fi
[ "$(tr '\n' ' ' < said)" = 'same other ' ] || { echo 'changed: the README of 4.0.1 names its own file, or that of 4.0.0 does not'; exit 1; }
