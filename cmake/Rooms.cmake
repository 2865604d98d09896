add_library(isoloss_options INTERFACE)
# nvcc's own code for the host does not stand -Wconversion.
target_compile_options(isoloss_options INTERFACE
    "$<$<COMPILE_LANGUAGE:C,CXX>:-Wall;-Wextra;-Wconversion;-Wshadow;-Wno-psabi>"
    "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-psabi>")
# Errors where CI looks; another compiler's new warnings must not keep anybody from building.
set(werror OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
  set(werror ON)
endif()
option(ISOLOSS_WARNINGS_AS_ERRORS "Stop at the first warning" ${werror})
if(ISOLOSS_WARNINGS_AS_ERRORS)
  target_compile_options(isoloss_options INTERFACE
      "$<$<COMPILE_LANGUAGE:C,CXX>:-Werror>" "$<$<COMPILE_LANGUAGE:CUDA>:--Werror=all-warnings>")
endif()
target_include_directories(isoloss_options INTERFACE ${PROJECT_SOURCE_DIR})
if(ISOLOSS_SANITIZE)
  target_compile_options(isoloss_options INTERFACE -fsanitize=address,undefined
                         -fno-sanitize-recover=all -fno-omit-frame-pointer
                         # Lines are enough for a stack; tests call what is optimized, and theirs is
                         # half of what there is to compile.
                         -g1 -O$<IF:$<BOOL:$<TARGET_PROPERTY:ISOLOSS_CALLS_ONLY>>,0,1>
                         # The same from any checkout: the compiler's cache serves them all.
                         -fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.
                         # GCC 12 warns of the standard library's insides once instrumented.
                         -Wno-maybe-uninitialized)
  target_compile_definitions(isoloss_options INTERFACE _GLIBCXX_ASSERTIONS)
  # At addresses known beforehand: what sanitizers know of each line would be relocated, tens of
  # megabytes of it, whenever one of two thousand tests starts.
  target_link_options(isoloss_options INTERFACE -fsanitize=address,undefined -no-pie)
endif()

# Where a program is wanted and no one edits it, a room's files are compiled a dozen at a time: half
# the work. Names without a namespace of their own are then one per room. Not CMake's own unity files:
# they name the checkout, so that no other could take what was compiled from the cache.
option(ISOLOSS_UNITY "Compile each room's files together" OFF)
function(isoloss_together target)  # isoloss_together(target file ...)
  set(sources ${ARGN})
  if(ISOLOSS_UNITY)
    set(sources "")
    set(includes "")
    set(count 0)
    list(LENGTH ARGN files)
    foreach(file IN LISTS ARGN)
      file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${file})
      string(APPEND includes "#include \"${path}\"\n")
      math(EXPR count "${count} + 1")
      math(EXPR past_a_dozen "${count} % 12")
      if(past_a_dozen EQUAL 0 OR count EQUAL files)
        set(together ${CMAKE_CURRENT_BINARY_DIR}/${target}_${count}.cpp)
        file(CONFIGURE OUTPUT ${together} CONTENT "${includes}" @ONLY)
        list(APPEND sources ${together})
        set(includes "")
      endif()
    endforeach()
    # GCC 12 takes "text" + string for overlapping once enough is inlined (its bug 105651), and the
    # files put together for a header whose names others see too.
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-subobject-linkage)
  endif()
  target_sources(${target} PRIVATE ${sources})
endfunction()

# isoloss_room(target ALONE files DEPENDS ...): one static library of every .cpp beside the
# CMakeLists.txt; files that have options of their own are never compiled together with others.
function(isoloss_room target)
  cmake_parse_arguments(ROOM "" "" "ALONE;DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM ROOM_ALONE PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(REMOVE_ITEM sources ${ROOM_ALONE})
  add_library(${target} STATIC ${ROOM_ALONE})
  isoloss_together(${target} ${sources})
  target_link_libraries(${target} PUBLIC isoloss_options ${ROOM_DEPENDS})
endfunction()

# isoloss_tests(folder DEPENDS ... ROOMS ... TOGETHER suites LABEL name): every *_test.cpp of
# tests/FOLDER, and of the rooms in it that are named, is one GoogleTest program, each test a
# process; the suites TOGETHER are a process each, where they share something, or are so many that
# to load LibTorch for each takes longer than the tests.
function(isoloss_tests folder)
  cmake_parse_arguments(TESTS "" "LABEL" "DEPENDS;ROOMS;TOGETHER" ${ARGN})
  set(patterns ${PROJECT_SOURCE_DIR}/tests/${folder}/*_test.cpp)
  foreach(room IN LISTS TESTS_ROOMS)
    list(APPEND patterns ${PROJECT_SOURCE_DIR}/tests/${folder}/${room}/*_test.cpp)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" name ${folder})
  add_executable(${name}_test ${sources})
  set_target_properties(${name}_test PROPERTIES ISOLOSS_CALLS_ONLY ON)
  # Tests call what is optimized; to optimize them too is a third of the time that they take to compile.
  target_compile_options(${name}_test PRIVATE $<$<AND:$<CONFIG:Release>,$<COMPILE_LANGUAGE:CXX>>:-O1>)
  list(LENGTH sources files)
  if(files GREATER 3)
    target_precompile_headers(${name}_test PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
    # GCC 12 warns of the standard library's insides where they come from a precompiled header.
    target_compile_options(${name}_test PRIVATE
        $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow>)
  endif()
  target_link_libraries(${name}_test PRIVATE isoloss_options ${TESTS_DEPENDS} isoloss_places
                        GTest::gmock GTest::gtest GTest::gtest_main)
  set(timeout 900)  # for what hangs: a busy machine is no failure
  if(ISOLOSS_SANITIZE)
    set(timeout 1500)  # instrumented code takes ten times as long
  endif()
  set(label "")
  if(TESTS_LABEL)
    set(label LABELS ${TESTS_LABEL})
  endif()
  set(others "")
  foreach(suite IN LISTS TESTS_TOGETHER)
    add_test(NAME ${folder}/${suite} COMMAND ${name}_test --gtest_filter=${suite}.*)
    set_tests_properties(${folder}/${suite} PROPERTIES TIMEOUT ${timeout} COST 300)  # begins first
    string(APPEND others ":${suite}.*")
  endforeach()
  if(others)
    string(REGEX REPLACE "^:" "-" others "${others}")
    set(others TEST_FILTER "${others}")
  endif()
  gtest_discover_tests(${name}_test TEST_PREFIX ${folder}/ DISCOVERY_TIMEOUT 60 ${others}
                       PROPERTIES TIMEOUT ${timeout} ${label})
endfunction()
