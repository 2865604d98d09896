# Rooms of device code: kernels (*.cu) and host code (*.cpp) that link no LibTorch, MPI or HDF5, so
# that a bare machine with CUDA builds them alone. isoloss_device_room(target DEPENDS ...) compiles
# the folder for GPUs, with ISOLOSS_CUDA.
function(isoloss_device_room target)
  cmake_parse_arguments(ROOM "" "" "DEPENDS" ${ARGN})
  file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cu)
  file(GLOB host CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(ISOLOSS_CUDA)
    add_library(${target} STATIC ${kernels} ${host})
    target_link_libraries(${target} PUBLIC isoloss_options isoloss_cuda ${ROOM_DEPENDS})
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  endif()
endfunction()

# Has each access to memory noted (emulator/accesses.h), for which races are looked for. Other
# sanitizers want the same places.
set(ISOLOSS_NOTED_ACCESSES "")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT ISOLOSS_SANITIZE)
  set(ISOLOSS_NOTED_ACCESSES -fsanitize=thread --param=tsan-instrument-func-entry-exit=0)
endif()

# isoloss_emulated(target folder DEPENDS ... HOST files): the folder's kernels compiled for the emulator
# (model/kernels/cuda/emulator), which tests run them on. Called from another folder than
# isoloss_device_room, because a file's language is set by folder.
function(isoloss_emulated target folder)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;HOST" ${ARGN})
  file(GLOB kernels CONFIGURE_DEPENDS ${folder}/*.cu)
  set_source_files_properties(${kernels} PROPERTIES LANGUAGE CXX
                              COMPILE_OPTIONS "-xc++;${ISOLOSS_NOTED_ACCESSES}")
  add_library(${target} STATIC EXCLUDE_FROM_ALL ${kernels} ${ROOM_HOST})
  target_compile_definitions(${target} PUBLIC ISOLOSS_EMULATED)
  target_compile_options(${target} PRIVATE -O2)
  target_link_libraries(${target} PUBLIC isoloss_options ${ROOM_DEPENDS})
endfunction()

# isoloss_gpu_tests(folder DEPENDS ...): every *_test.cpp of tests/FOLDER as one GoogleTest program
# that runs on a GPU, its tests labelled gpu and skipped, with the reason, where there is none. Tests
# with kernels of their own go through nvcc, others through the plain compiler, which is faster.
# Called from another folder than isoloss_tests, because a file's language is set by folder.
function(isoloss_gpu_tests folder)
  cmake_parse_arguments(TESTS "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*_test.cpp)
  if(NOT sources OR NOT TARGET GTest::gtest)
    return()
  endif()
  foreach(source IN LISTS sources)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} kernels REGEX "__global__|cuda/simt\\.h" LIMIT_COUNT 1)
    if(kernels)
      set_source_files_properties(${source} PROPERTIES LANGUAGE CUDA)
    endif()
  endforeach()
  string(REPLACE "/" "_" name gpu_${folder}_test)
  add_executable(${name} ${sources} ${PROJECT_SOURCE_DIR}/tests/gpu/gpu_main.cpp)
  target_link_libraries(${name} PRIVATE isoloss_options isoloss_kernels_cuda ${TESTS_DEPENDS}
                        isoloss_places GTest::gmock GTest::gtest)
  # Where device code alone is built, a program that does not start must not take the build with it.
  set(discovery POST_BUILD)
  if(ISOLOSS_LEAN)
    set(discovery PRE_TEST)
  endif()
  gtest_discover_tests(${name} TEST_PREFIX gpu/${folder}/ DISCOVERY_TIMEOUT 60
                       DISCOVERY_MODE ${discovery}
                       PROPERTIES LABELS gpu SKIP_RETURN_CODE 77 TIMEOUT 300)
endfunction()

if(ISOLOSS_CUDA)
  set(CMAKE_CUDA_ARCHITECTURES "80-real;90a-real;100-real" CACHE STRING
      "Compute capabilities to compile for")
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 20)
  foreach(kind STANDARD EXTENSION)  # CMake before 3.26 does not know that nvcc has it
    if(NOT CMAKE_CUDA20_${kind}_COMPILE_OPTION)
      set(CMAKE_CUDA20_${kind}_COMPILE_OPTION "-std=c++20")
    endif()
  endforeach()
  find_package(CUDAToolkit REQUIRED)
  include(cmake/CublasLt.cmake)
  add_library(isoloss_cuda INTERFACE)
  target_compile_options(isoloss_cuda INTERFACE
      "$<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr;-lineinfo>")
  target_link_libraries(isoloss_cuda INTERFACE CUDA::cudart_static isoloss_cublaslt)
endif()
