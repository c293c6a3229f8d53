# Configures and builds a preset. Sourced by quickstart, check and .ci/run; not run by itself.

# build PRESET [TARGET…]: ninja's progress on a terminal; elsewhere the log is kept and shown when it fails.
build() {
  local preset=$1 log; shift
  log=build/$preset.log
  mkdir -p build
  say "building: $preset …"
  if ! cmake --preset "$preset" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    die "cmake --preset $preset failed"
  fi
  if [ -t 2 ]; then
    cmake --build --preset "$preset" ${@:+--target "$@"} >&2
  elif ! cmake --build --preset "$preset" ${@:+--target "$@"} >>"$log" 2>&1 </dev/null; then
    grep -E -A 12 'FAILED|error|warning' "$log" | head -n 80 >&2
    die "the build failed; all of it is in $log"
  fi
}
