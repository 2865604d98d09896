# Provides the target isoloss_torch. Looked for in this order: a CMake package the user names
# (Torch_DIR or CMAKE_PREFIX_PATH), ISOLOSS_TORCH (the `torch` folder of a wheel, set by
# scripts/setup.sh), the torch that python3 imports. A wheel built with CUDA is linked by its CPU
# libraries alone: find_package(Torch) would insist on nvcc, and our own kernels need no LibTorch.
set(ISOLOSS_TORCH "" CACHE PATH "The torch folder of a PyTorch wheel")
add_library(isoloss_torch INTERFACE)

set(named_package OFF)
if(Torch_DIR)
  set(named_package ON)
endif()
foreach(prefix IN LISTS CMAKE_PREFIX_PATH)
  if(EXISTS ${prefix}/share/cmake/Torch/TorchConfig.cmake)
    set(named_package ON)
  endif()
endforeach()

if(NOT ISOLOSS_TORCH AND NOT named_package)
  execute_process(COMMAND python3 -c "import torch, os; print(os.path.dirname(torch.__file__))"
                  OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE
                  RESULT_VARIABLE failed)
  if(NOT failed)
    set(ISOLOSS_TORCH ${found} CACHE PATH "The torch folder of a PyTorch wheel" FORCE)
  endif()
endif()

if(named_package)
  find_package(Torch REQUIRED)
  target_link_libraries(isoloss_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(isoloss_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
elseif(ISOLOSS_TORCH AND EXISTS ${ISOLOSS_TORCH}/lib/libtorch_cpu.so)
  target_include_directories(isoloss_torch SYSTEM INTERFACE
      ${ISOLOSS_TORCH}/include ${ISOLOSS_TORCH}/include/torch/csrc/api/include)
  target_link_libraries(isoloss_torch INTERFACE
      ${ISOLOSS_TORCH}/lib/libtorch_cpu.so ${ISOLOSS_TORCH}/lib/libc10.so)
  target_link_options(isoloss_torch INTERFACE -Wl,--allow-shlib-undefined)
  target_compile_definitions(isoloss_torch INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
else()
  message(FATAL_ERROR "LibTorch is missing (no Torch_DIR, no ISOLOSS_TORCH, python3 imports no "
          "torch); run ./scripts/setup.sh, or configure with the preset analysis-only")
endif()
