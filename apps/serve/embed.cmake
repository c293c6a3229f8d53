# cmake -DIN=FILE -DOUT=FILE.cc -DNAME=kName -P embed.cmake: a file of text as a constant of the
# program. A string literal may have 64 KB, so the text is cut.
file(READ ${IN} text)
string(LENGTH "${text}" left)
set(parts "")
set(at 0)
while(at LESS left)
  string(SUBSTRING "${text}" ${at} 8000 part)
  string(APPEND parts "R\"embedded(${part})embedded\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT} "#include \"serve/embedded.h\"\n\nnamespace ponder::serve {\nconst std::string_view ${NAME} =\n${parts};\n}\n")
