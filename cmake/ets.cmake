# The whole build vocabulary. A room's CMakeLists.txt is one ets_library() call:
#   ets_library(NAME HDRS ... SRCS ... TESTS ... DEPS room... [TEST_DEPS room...] [USES third::party...])
# DEPS is the room graph: scripts/check_layers.py reads it here and holds every #include to it.
add_library(ets_warnings INTERFACE)
target_compile_options(ets_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wswitch-enum
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
  # g++ 12 sees uninitialised and overlapping bytes in std::string where there are none (PR 105562, 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

# Where results are compared bit for bit, a multiply and an add must stay two operations.
add_compile_options(-ffp-contract=off)

function(ets_library name)
  cmake_parse_arguments(ARG "" "" "HDRS;SRCS;TESTS;DEPS;TEST_DEPS;USES" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "ets_library(${name}): what is '${ARG_UNPARSED_ARGUMENTS}'?")
  endif()
  list(TRANSFORM ARG_DEPS PREPEND "ets::")
  list(TRANSFORM ARG_TEST_DEPS PREPEND "ets::")

  add_library(ets_${name} STATIC ${ARG_SRCS})
  add_library(ets::${name} ALIAS ets_${name})
  target_sources(ets_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ARG_HDRS})
  target_link_libraries(ets_${name} PUBLIC ${ARG_DEPS} PRIVATE ets_warnings)
  if(ARG_USES)
    target_link_libraries(ets_${name} PUBLIC ${ARG_USES})
  endif()

  if(ARG_TESTS AND BUILD_TESTING)
    add_executable(ets_${name}_test ${ARG_TESTS})
    target_link_libraries(ets_${name}_test PRIVATE
      ets::${name} ${ARG_TEST_DEPS} ets_warnings GTest::gmock_main)
    gtest_discover_tests(ets_${name}_test TEST_PREFIX "${name}/" NO_PRETTY_VALUES
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 120)
  endif()
endfunction()
