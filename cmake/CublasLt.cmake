# Provides isoloss_cublaslt. Looked for in this order: CUDA's toolkit, which may come without it,
# CUBLAS_HOME (tools/gpu_check.sh names the wheel nvidia-cublas that pip puts beside a torch), the system.
add_library(isoloss_cublaslt INTERFACE)
if(TARGET CUDA::cublasLt)
  target_link_libraries(isoloss_cublaslt INTERFACE CUDA::cublasLt)
  return()
endif()
set(cublas_places ${CUBLAS_HOME} $ENV{CUBLAS_HOME} ${CUDAToolkit_LIBRARY_DIR}/..)
find_path(CUBLASLT_INCLUDE cublasLt.h HINTS ${cublas_places} PATH_SUFFIXES include)
find_library(CUBLASLT_LIBRARY NAMES cublasLt libcublasLt.so.13 libcublasLt.so.12 NAMES_PER_DIR
             HINTS ${cublas_places} PATH_SUFFIXES lib lib64)
foreach(part IN ITEMS INCLUDE LIBRARY)
  if(NOT CUBLASLT_${part})
    message(FATAL_ERROR "cuBLASLt is missing (CUDA's toolkit has none, its ${part} was not found); "
            "install libcublas-dev or the wheel nvidia-cublas, or name its folder with -DCUBLAS_HOME=")
  endif()
endforeach()
target_include_directories(isoloss_cublaslt SYSTEM INTERFACE ${CUBLASLT_INCLUDE})
target_link_libraries(isoloss_cublaslt INTERFACE ${CUBLASLT_LIBRARY})
