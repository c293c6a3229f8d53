# What quickstart says at its end: where the program is, how to have it as `ponder`, what to try next. Sourced by it, with
# `from` (where it was called), `ponder` (the program) and `model` (flags, none for the default model); not run by itself.

bin=$HOME/.local/bin
install=(cmake --install build/release --prefix "$HOME/.local")
[ "$from" = "$PWD" ] || ponder=$PWD/$ponder
[ "$from" = "$PWD" ] || [ ${#model[@]} -eq 0 ] || model=(-m "$PWD/$TOY_MODEL")
[ "$from" = "$PWD" ] || install[2]=$PWD/build/release

say ""
say "The program is $ponder"
answer=no
if [ -t 0 ] && [ -t 2 ]; then
  read -r -p "Install it, its man page and shell completion under ~/.local? [y/N] " answer || answer=no
fi
case $answer in
  [yY]*)
    "${install[@]}" >build/install.log || die "it could not be installed; build/install.log says more"
    ponder=$bin/ponder
    case :$PATH: in
      *:"$bin":*) ponder=ponder ;;
      *) say "It is $ponder now; to call it as ponder:"
         say "  export PATH=\"\$HOME/.local/bin:\$PATH\"" ;;
    esac ;;
  *) say "To have it as ponder, with its man page and shell completion, in ~/.local/bin:"
     say "  ${install[*]/#$HOME/\~}" ;;
esac
say ""
say "Next:"
flags=${model[*]:+${model[*]} }
if [ ${#model[@]} -eq 0 ]; then
  say "  $ponder generate \"Name three rivers.\""
else
  say "  $ponder generate $flags\"What is the opposite of hot?\""
fi
say "  $ponder prove $flags--n-best 3 --budget 20s \"$question\""
say "  $ponder think --help"
