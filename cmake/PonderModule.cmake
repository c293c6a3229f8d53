# ponder_module(NAME [SOURCES …] [DEPS …] [PRIVATE …]): the library of one folder of src/, ponder_NAME.
# Headers of a folder are seen as "NAME/file.h", and only by targets that link ponder_NAME. What it links by PRIVATE, its
# own users do not see.
add_library(ponder_options INTERFACE)
target_include_directories(ponder_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_compile_options(ponder_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off -fno-math-errno)
# GCC 12 at -O3 sees overlaps and uninitialised values in the standard library's own strings and variants that are not
# there (GCC bug 105329 and its kind). The presets that turn warnings into errors keep both.
target_compile_options(ponder_options INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:Release>>:-Wno-restrict -Wno-maybe-uninitialized>)
if(PONDER_SANITIZE)
  target_compile_options(ponder_options INTERFACE -fsanitize=${PONDER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ponder_options INTERFACE -fsanitize=${PONDER_SANITIZE})
endif()

# Names of the modules, and the libraries from outside that they link: for the installed library (PonderInstall.cmake).
set_property(GLOBAL PROPERTY PONDER_MODULES "")
set_property(GLOBAL PROPERTY PONDER_EXTERNALS "")

function(ponder_module name)
  cmake_parse_arguments(M "" "" "SOURCES;DEPS;PRIVATE" ${ARGN})
  # A folder's private headers are reached through one symlink-free include root that holds this folder alone.
  set(root ${CMAKE_BINARY_DIR}/include-roots/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)
  add_library(ponder_${name} STATIC ${M_SOURCES})
  target_include_directories(ponder_${name} PUBLIC ${root})
  target_link_libraries(ponder_${name} PUBLIC ponder_options ${M_DEPS} PRIVATE ${M_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY PONDER_MODULES ${name})
  list(FILTER M_DEPS EXCLUDE REGEX "^ponder_")
  set_property(GLOBAL APPEND PROPERTY PONDER_EXTERNALS ${M_DEPS})
endfunction()

# ponder_test(MODULE): every *_test.cc of this folder as one program, linked with the given targets. ISA: its tests run
# a second time with AVX2 at most (tests/unit/isa.cc).
function(ponder_test name)
  cmake_parse_arguments(T "ISA" "LABEL" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ponder_options ${T_DEPS} GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit)  # what folders share: quants.h, …
  target_compile_definitions(test_${name} PRIVATE PONDER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(NOT T_LABEL)
    set(T_LABEL fast)
  endif()
  gtest_discover_tests(test_${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${T_LABEL} TIMEOUT 300)
  if(T_ISA)
    target_sources(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/unit/isa.cc)
    gtest_discover_tests(test_${name} TEST_PREFIX avx2. TEST_LIST test_${name}_avx2 DISCOVERY_MODE PRE_TEST
      PROPERTIES LABELS ${T_LABEL} TIMEOUT 300 ENVIRONMENT PONDER_TEST_ISA=avx2)
  endif()
endfunction()
