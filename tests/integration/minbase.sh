# Sourced by what needs a Debian 12 of its own: `minbase ROOT` lays a fresh minbase into the folder
# ROOT, with this machine's package sources, proxy and certificates (it lives in the same network).
# FRESH_BASE keeps the debootstrap between runs; MIRROR names another mirror.
minbase() {
  local root=$1 base=${FRESH_BASE:-/var/tmp/tidegate-minbase} key
  if [ ! -e "$base/etc/debian_version" ]; then
    echo "minbase: debootstrap into $base" >&2
    debootstrap --variant=minbase --include=ca-certificates,git,make bookworm "$base" \
      "${MIRROR:-http://deb.debian.org/debian}" >&2
  fi
  cp -a "$base/." "$root/"
  rm -f "$root/etc/apt/sources.list"
  cp -aL /etc/apt/sources.list* "$root/etc/apt/" 2>/dev/null || true
  grep -lE '^ *Acquire' /etc/apt/apt.conf.d/* 2>/dev/null | xargs -r cp -t "$root/etc/apt/apt.conf.d/"
  for key in $(grep -rhoE 'signed-by=[^] ]+|Signed-By: \S+' /etc/apt/sources.list* 2>/dev/null |
    sed -E 's/.*(=|: )//' | sort -u); do
    [ ! -f "$key" ] || install -D -m 644 "$key" "$root$key"
  done
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -aL /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
}
