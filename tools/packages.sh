# The Debian packages that ponder needs, in one place, and how to install those that are missing.
# Sourced by quickstart and check; not run by itself.

# To build and run.
PACKAGES_RUN="cmake ninja-build g++ ccache pkg-config python3
  libboost-dev libhwy-dev libfmt-dev libnetcdf-dev libpcre2-dev librandom123-dev libtbb-dev libutf8proc-dev libssl-dev nlohmann-json3-dev libcli11-dev"
# To test, besides.
PACKAGES_CHECK="git libgtest-dev libbenchmark-dev clang-14 clang-format-14 clang-tidy-14
  gnuplot-nox libclang-rt-14-dev libdnnl-dev openssl python3-dev python3-numpy python3-venv qemu-user xz-utils
  chromium chromium-driver"

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# install_packages NAME…: installs those that are not there, as root or through sudo.
install_packages() {
  local missing=() p root=()
  for p in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  command -v apt-get >/dev/null || die "these packages are needed, and there is no apt-get to install them: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are needed; ask an administrator: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  say "installing: ${missing[*]}"
  local log; log=$(mktemp)
  if ! { "${root[@]}" apt-get -qq update && "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
           apt-get -qq -y --no-install-recommends install "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 15 "$log" >&2
    rm -f "$log"
    die "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# python_with MODULE: the first python that has it (a python of the user's own, or Debian's).
python_with() {
  local p
  for p in python3 /usr/bin/python3; do
    if "$p" -c "import $1" >/dev/null 2>&1; then echo "$p"; return; fi
  done
  return 1
}
