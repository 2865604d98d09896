# Provides NCCL::nccl. Looked for in this order: NCCL_HOME, CUDA's toolkit, the system (Debian's
# libnccl-dev), the wheel nvidia-nccl that pip puts beside a torch. With ISOLOSS_LEAN it may be missing.
set(nccl_places ${NCCL_HOME} $ENV{NCCL_HOME} ${CUDAToolkit_BIN_DIR}/..)
if(ISOLOSS_TORCH)
  list(APPEND nccl_places ${ISOLOSS_TORCH}/../nvidia/nccl)
endif()
find_path(NCCL_INCLUDE nccl.h HINTS ${nccl_places} PATH_SUFFIXES include)
find_library(NCCL_LIBRARY NAMES nccl libnccl.so.2 NAMES_PER_DIR HINTS ${nccl_places} PATH_SUFFIXES lib lib64)
foreach(part IN ITEMS INCLUDE LIBRARY)
  if(NOT NCCL_${part})
    string(CONCAT advice "NCCL is missing (its ${part} was not found); install libnccl-dev or the "
           "wheel nvidia-nccl-cu13, or name its folder with -DNCCL_HOME=")
    if(NOT ISOLOSS_LEAN)
      message(FATAL_ERROR "${advice}")
    endif()
    message(WARNING "${advice}. Its tests are left out.")
    return()
  endif()
endforeach()
add_library(NCCL::nccl UNKNOWN IMPORTED)
set_target_properties(NCCL::nccl PROPERTIES IMPORTED_LOCATION ${NCCL_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${NCCL_INCLUDE})
