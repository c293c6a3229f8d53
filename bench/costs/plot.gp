# Four panels of what costs.cc measures. Colours of Okabe and Ito, which colour-blind readers tell apart.
#   gnuplot -c plot.gp COSTS.csv PICTURE.{svg,png}
csv = ARG1
if (ARG2[strlen(ARG2)-2:] eq "png") { set terminal pngcairo size 1100,820 font "sans,13" } \
else { set terminal svg size 1100,820 font "sans,13" background "white" }
set output ARG2
set datafile separator ","
blue = "#0072B2"; orange = "#D55E00"; green = "#009E73"
set style data linespoints
set style line 1 lc rgb blue lw 2 pt 7 ps 0.9
set style line 2 lc rgb orange lw 2 pt 5 ps 0.9
set grid lc rgb "#dddddd"
set key top left
set yrange [0:*]
rows(series) = sprintf("< awk -F, -v OFS=, '$1 == \"%s\" { print $2, $3 }' '%s'", series, csv)

set multiplot layout 2,2
set title "A token, by its context"
set xlabel "context (tokens)"; set ylabel "ms a token"
set xrange [0:4300]; set xtics 1024
plot rows("context_one_stream_ms") ls 1 title "one stream", \
     rows("context_16_streams_ms") ls 2 title "16 streams of one prompt"

set logscale x 2
set xtics 4
set xrange [0.8:1300]
set title "A token, by live branches"
set xlabel "branches (log scale)"; set ylabel "ms a token"
set key top right
plot rows("branches_ms") ls 1 notitle

unset logscale x
set xrange [0:1060]; set xtics 256
set title "Memory, by live branches of 4 tokens"
set xlabel "branches"; set ylabel "MB beside the model"
plot rows("branches_mb") ls 1 notitle

set logscale x 2
set xrange [0.8:160]; set xtics (1, 8, 32, 128)
set title "Best-first expansions, of single tokens in batches"
set xlabel "prefixes in one batch (log scale)"; set ylabel "rate of expansions / of tokens"
set yrange [0:1.3]
set key bottom right
plot rows("expansions_of_single_tokens") ls 1 notitle, 0.7 lc rgb green lw 2 dt 2 title "0.7: asked for"
unset multiplot
