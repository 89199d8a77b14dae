# Writes a source file that holds a text file: cmake -DIN=... -DOUT=... -P embed.cmake
file(READ ${IN} text)
# One literal may hold 64 KiB with every compiler; adjacent ones become one.
string(LENGTH "${text}" length)
set(body "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 part)
  string(APPEND body "    R\"~~~(${part})~~~\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT} "// Made from openapi.yaml by embed.cmake.
#include \"registry/http/openapi.h\"

namespace assay::http {

std::string_view openapi_text() {
  return
${body}  ;
}

}  // namespace assay::http
")
